from __future__ import annotations

from flask import Flask

from app.tasks.ledger import seal_ledger
from tests import factories


def test_a_seal_is_written_where_money_has_moved_and_only_once(tasks_app: Flask) -> None:
    saver = factories.make_saver(tasks_app)
    assert seal_ledger.run() is None
    saver.deposit(saver.jar())
    assert seal_ledger.run() == 1
    assert seal_ledger.run() is None
    saver.deposit(saver.jar())
    assert seal_ledger.run() == 2
