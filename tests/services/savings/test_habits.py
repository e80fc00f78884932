from datetime import date
from uuid import UUID

import pytest

from app import transactions
from app.services.gamification.habit import Freezes
from app.services.ops import reversals
from app.services.savings import calendar, jars
from app.services.savings.calendar import BestMonth
from app.services.savings.habits import MOST_ROWS, record
from app.transactions import run

# Noon in Kolkata on Wednesday 15 July 2026 by the fixture `clock`.


@pytest.fixture
def seen(app, saver, clock):
    """The saver's record now."""

    def look():
        with app.app_context():
            return run(lambda: record(saver.principal(), at=clock.now()))

    return look


def states(lamps):
    return [lamp.state for lamp in lamps]


def test_somebody_new_has_nothing(seen):
    found = seen()
    assert (found.lamps, found.best_month) == ({}, None)
    assert (found.habits.freezes, found.habits.closed) == (Freezes(0, 0), 0)


def test_every_jar_has_the_row_that_its_own_page_shows(app, saver, clock, seen):
    daily, weekly, monthly = (saver.jar(plan_type=plan) for plan in ("daily", "weekly", "monthly"))
    for day in range(40):
        if day % 9 != 8:
            saver.deposit(daily, "5")
        if day % 15 == 5:  # in time, late and not at all
            saver.deposit(weekly, "5")
        clock.advance(days=1)
    saver.deposit(monthly, "5")
    found = seen()
    assert {len(lamps) for lamps in found.lamps.values()} == {7, 14}
    for jar in (daily, weekly, monthly):
        with app.app_context():
            view = run(lambda jar=jar: jars.read(saver.principal(), UUID(jar), at=clock.now()))
            alone = run(lambda view=view: calendar.recent(view, count=len(found.lamps[view.jar.id])))
        assert found.lamps[UUID(jar)] == alone
    assert {"met", "frozen", "open"} <= set(states(found.lamps[UUID(daily)]))
    assert "missed" in states(found.lamps[UUID(weekly)])


def test_a_young_jar_has_one_row_and_an_older_one_two(saver, clock, seen):
    jar = UUID(saver.jar())
    assert states(seen().lamps[jar]) == ["open"] + ["future"] * 6
    clock.advance(days=6)
    assert len(seen().lamps[jar]) == 7
    clock.advance(days=1)
    assert states(seen().lamps[jar])[7:] == ["open"] + ["future"] * 6
    clock.advance(days=60)
    assert len(seen().lamps[jar]) == 14


def test_full_flexible_and_closed_jars_have_no_row(saver, seen):
    full, flexible, closed = saver.jar(target_amount="50"), saver.jar(plan_type="flexible"), saver.jar()
    saver.deposit(full, "50")
    saver.deposit(flexible, "5")
    saver.call("DELETE", f"/api/jars/{closed}/")
    found = seen()
    assert found.lamps == {}
    assert [str(view.jar.id) for view in found.habits.jars] == [full]


def test_freezes_stay_when_the_last_jar_is_closed(saver, clock, seen):
    jar = saver.jar()
    for _ in range(9):
        saver.deposit(jar, "50")
        clock.advance(days=1)
    saver.withdraw(jar, "450")
    assert saver.call("DELETE", f"/api/jars/{jar}/").status_code == 204
    assert seen().habits.freezes == Freezes(1, 8)


def test_the_best_month_is_the_one_with_the_most_days(app, saver, clock, seen):
    jar = saver.jar()
    for _ in range(4):  # the same day again counts once
        saver.deposit(jar, "5")
    clock.advance(days=1)
    saver.deposit(jar, "5")
    assert seen().best_month == BestMonth(date(2026, 7, 1), 2)
    clock.advance(days=30)
    saver.deposit(jar, "5")
    clock.advance(days=1)
    second = saver.deposit(jar, "5").json["transaction"]["id"]
    assert seen().best_month == BestMonth(date(2026, 8, 1), 2), "the later of two"
    with app.app_context():
        run(lambda: reversals.reverse(UUID(second), reason="by mistake", by=None, at=clock.now()))
    assert seen().best_month == BestMonth(date(2026, 7, 1), 2)


def test_few_queries_however_many_jars(app, saver, clock, monkeypatch):
    made = [saver.jar(name=f"Jar {number}") for number in range(MOST_ROWS + 2)]
    for jar in made:
        saver.deposit(jar, "5")
    clock.advance(days=2)  # every one of them has a dark day, so that freezes are asked for too
    with app.app_context():
        person = saver.principal()
        run(lambda: record(person, at=clock.now()))  # closes the days
        person = saver.principal()
        sent = []
        send = transactions._send
        monkeypatch.setattr(
            transactions, "_send", lambda work, **options: sent.append(str(work.queue)) or send(work, **options)
        )
        found = run(lambda: record(person, at=clock.now()))
    assert len(found.lamps) == MOST_ROWS
    assert len(sent) <= 6, sent
