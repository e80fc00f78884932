import random
from datetime import date, timedelta
from uuid import UUID

import pytest

from app.services.gamification.streaks import period_states
from app.services.ops import reversals
from app.services.savings import calendar, jars
from app.services.savings.overview import best_jar, overview
from app.services.savings.streak_history import movements_of
from app.transactions import run
from tests.factories import Saver

# Noon in Kolkata on Wednesday 15 July 2026 by the fixture `clock`.


@pytest.fixture
def lamps(app, saver: Saver, clock):
    """States of the last seven periods of a jar, by its plan, after deposits so many days from now."""

    start = clock.at

    def states(plan: str, deposits: list[tuple[int, str]], *, look: int = 0, count: int = 7, **values):
        clock.set(start)
        jar = saver.jar(plan_type=plan, **values)
        for days, amount in deposits:
            clock.set(start + timedelta(days=days))
            assert saver.deposit(jar, amount).status_code == 201
        clock.set(start + timedelta(days=look))
        with app.app_context():
            return calendar.recent(jars.read(saver.principal(), UUID(jar), at=clock.now()), count=count)

    return states


def words(row) -> list[str]:
    return [lamp.state for lamp in row]


def test_a_new_daily_jar_has_its_week_before_it(lamps):
    row = lamps("daily", [])
    assert words(row) == ["open"] + ["future"] * 6
    assert [lamp.now for lamp in row] == [True] + [False] * 6
    assert row[0].period.start == date(2026, 7, 15)


def test_today_is_lit_as_soon_as_it_is_met(lamps):
    assert words(lamps("daily", [(0, "50")], installment_amount="60")) == ["open"] + ["future"] * 6
    assert words(lamps("daily", [(0, "60")], installment_amount="60")) == ["met"] + ["future"] * 6


def test_the_last_seven_days(lamps):
    row = lamps("daily", [(0, "5"), (1, "5"), (3, "5"), (4, "5"), (8, "5")], look=9)
    assert words(row) == ["met", "met", "missed", "missed", "missed", "met", "open"]
    assert row[-1].now


def test_grace_makes_a_week_late_and_not_missed(lamps):
    # Wednesday's week goes on to Sunday 19 July, with Monday as its grace.
    assert words(lamps("weekly", [(5, "5")], look=7))[:2] == ["late", "open"]
    assert words(lamps("weekly", [], look=5))[:2] == ["open", "open"]
    assert words(lamps("weekly", [], look=6))[:2] == ["missed", "open"]


def test_months(lamps):
    row = lamps("monthly", [(0, "5")], look=20)
    assert words(row)[:3] == ["met", "open", "future"]
    assert row[1].period.start == date(2026, 8, 1)


def test_a_flexible_jar_has_none(lamps):
    assert lamps("flexible", [(0, "5")]) == []


def test_nothing_comes_after_the_end(lamps):
    assert words(lamps("daily", [], end_date="2026-07-17")) == ["open", "future", "future"]


def test_a_jar_that_begins_later(app, saver, clock):
    jar = saver.jar(start_date="2026-07-18")
    with app.app_context():
        row = calendar.recent(jars.read(saver.principal(), UUID(jar), at=clock.now()))
    assert words(row) == ["future"] * 7
    assert row[0].period.start == date(2026, 7, 18)


@pytest.mark.parametrize("end", [None, "2026-08-20"])
@pytest.mark.parametrize("plan", ["daily", "weekly", "monthly"])
def test_the_last_periods_are_those_of_the_whole_history(app, saver, clock, plan, end):
    """Whatever was taken back, and however long the jar has been over."""
    jar = UUID(saver.jar(plan_type=plan, installment_amount="20", end_date=end))
    chance = random.Random(plan)
    for _ in range(60):
        if chance.random() < 0.7:
            moved = saver.deposit(jar, str(chance.choice([10, 20, 30]))).json["transaction"]["id"]
            if chance.random() < 0.3:
                saver.withdraw(jar, "5")
            if chance.random() < 0.2:
                clock.advance(days=chance.randrange(3))
                with app.app_context():
                    run(
                        lambda moved=moved: reversals.reverse(UUID(moved), reason="by mistake", by=None, at=clock.now())
                    )
        clock.advance(days=1)
        with app.app_context():
            view = run(lambda: jars.read(saver.principal(), jar, at=clock.now()))
            whole = period_states(view.jar.terms, run(lambda: movements_of(jar)), view.today)
            for count in (3, 14):
                row = run(lambda view=view, count=count: calendar.recent(view, count=count))
                shown = [lamp for lamp in row if lamp.state != "future"]
                assert [(lamp.period, settled(lamp.state)) for lamp in shown] == [
                    (one.period, settled("met" if one.state == "open" and view.jar.terms.met(one.net) else one.state))
                    for one in whole[-count:]
                ]


def settled(state: str) -> str:
    """Which of the missed ones a freeze saved is not in a jar's movements."""
    return "missed" if state == "frozen" else state


def home_of(app, saver, clock):
    with app.app_context():
        seen = overview(saver.principal(), at=clock.now())
        return calendar.of_home(seen, best_jar(seen.jars))


def test_the_week_is_that_of_the_daily_jar(app, saver, clock):
    start = clock.at
    clock.set(start - timedelta(days=2))
    daily, other = saver.jar(), saver.jar(plan_type="flexible")
    saver.deposit(daily, "5")
    clock.set(start - timedelta(days=1))
    saver.deposit(other, "5")
    clock.set(start)
    assert words(home_of(app, saver, clock)) == ["met", "missed", "open", "future", "future", "future", "future"]


def test_a_weekly_saver_sees_weeks(app, saver, clock):
    saver.deposit(saver.jar(plan_type="weekly"), "5")
    row = home_of(app, saver, clock)
    assert words(row) == ["met"] + ["future"] * 6
    assert row[0].period.start == date(2026, 7, 13)


def test_without_a_jar_that_counts_no_day_is_a_miss(app, saver, clock):
    start = clock.at
    clock.set(start - timedelta(days=2))
    saver.deposit(saver.jar(plan_type="flexible"), "5")
    clock.set(start)
    row = home_of(app, saver, clock)
    assert words(row) == ["met", "none", "open", "future", "future", "future", "future"]
    assert [lamp.now for lamp in row].index(True) == 2
