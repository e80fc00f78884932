"""What is gathered is what the ledger holds: alone and among many, now and as it was."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from app import clock
from app.services.credit.gathering import gather
from app.transactions import run
from tests.factories import make_saver


def test_a_saver_with_a_jar_and_what_moved_in_it(app: Flask) -> None:
    saver = make_saver(app)
    jar = saver.jar(plan_type="weekly", installment_amount="50.00", target_amount="5000")
    saver.deposit(jar, "70")
    saver.withdraw(jar, "20")
    with app.app_context():
        found = run(lambda: gather([saver.id], at=clock.now()))
    assert found.savers == [saver.id]
    assert found.jar_ids == [UUID(jar)]
    assert (list(found.jars.plan), list(found.jars.installment)) == ([1], [5000])
    assert list(found.movements.amount) == [7000, -2000]
    assert list(found.movements.day) == list(found.today) * 2
    features = found.features()
    assert list(features.known) == [1]
    assert list(features.closed) == [0]
