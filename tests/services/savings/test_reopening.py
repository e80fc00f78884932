"""A jar that was closed by a slip of the finger is as it was, and no later than on that day."""

from __future__ import annotations

import pytest
from flask import Flask

from app.errors import DomainError, NotFound
from app.services.savings import jars, reopening
from app.transactions import fetch, run
from tests import factories
from tests.conftest import Clock

ROWS = (
    "SELECT status, closed_on, completed_on, streak_count, streak_longest, streak_period, streak_kept_through,"
    " current_amount FROM savings_jars WHERE id = %s"
)
HABITS = "SELECT * FROM saver_habits WHERE user_id = %s"


def row(jar: str) -> list:
    return run(lambda: list(fetch(ROWS, (jar,))))


def habits(saver: factories.Saver) -> list:
    return run(lambda: list(fetch(HABITS, (saver.id,))))


@pytest.mark.parametrize("target", ["5000", "100"], ids=["underway", "full"])
def test_it_is_as_it_was(app: Flask, saver: factories.Saver, clock: Clock, target: str) -> None:
    jar = saver.jar(installment_amount="50", target_amount=target)
    for _ in range(3):
        saver.deposit(jar, "50")
        clock.advance(days=1)
    held = saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"]
    saver.withdraw(jar, held)
    with app.app_context():
        person, before, known = saver.principal(), row(jar), habits(saver)
        clock.advance(minutes=1)
        run(lambda: jars.close(person, jar, at=clock.now()))
        assert row(jar)[0][0] == "closed"
        clock.advance(minutes=1)
        view = run(lambda: reopening.reopen(person, jar, at=clock.now()))
        assert view.jar.status == before[0][0]
        assert row(jar) == before
        assert habits(saver) == known
        assert run(lambda: reopening.reopen(person, jar, at=clock.now())).jar.status == before[0][0], "twice is once"
    assert saver.deposit(jar, "50").status_code == 201


def test_what_was_asked_for_meanwhile_is_kept_for_scores_of_the_past(
    app: Flask, saver: factories.Saver, clock: Clock
) -> None:
    jar = saver.jar()
    with app.app_context():
        person = saver.principal()
        clock.advance(minutes=1)
        run(lambda: jars.close(person, jar, at=clock.now()))
        clock.advance(minutes=1)
        run(lambda: reopening.reopen(person, jar, at=clock.now()))
        kept = run(lambda: fetch("SELECT closed_on FROM past_jar_terms WHERE jar_id = %s ORDER BY until", (jar,)))
    today = person.zone.date(clock.now())
    assert [closed_on for (closed_on,) in kept] == [None, today]


def test_one_of_an_earlier_day_stays_closed(app: Flask, saver: factories.Saver, clock: Clock) -> None:
    jar = saver.jar()
    saver.call("DELETE", f"/api/jars/{jar}/")
    clock.advance(days=1)
    with app.app_context():
        person = saver.principal()
        with pytest.raises(DomainError, match="earlier day"):
            run(lambda: reopening.reopen(person, jar, at=clock.now()))
        assert row(jar)[0][0] == "closed"


def test_there_is_no_jar_too_many(app: Flask, saver: factories.Saver, clock: Clock, monkeypatch) -> None:
    jar = saver.jar()
    saver.call("DELETE", f"/api/jars/{jar}/")
    monkeypatch.setitem(app.config, "MAX_JARS", 1)
    saver.jar()
    with app.app_context():
        person = saver.principal()
        with pytest.raises(DomainError) as refused:
            run(lambda: reopening.reopen(person, jar, at=clock.now()))
    assert refused.value.code == "jar_limit"


def test_nobody_opens_the_jar_of_another(app: Flask, saver: factories.Saver, clock: Clock) -> None:
    jar = saver.jar()
    saver.call("DELETE", f"/api/jars/{jar}/")
    with app.app_context():
        other = factories.make_saver(app).principal()
        with pytest.raises(NotFound):
            run(lambda: reopening.reopen(other, jar, at=clock.now()))
