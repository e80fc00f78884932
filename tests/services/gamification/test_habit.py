"""Freezes and pauses over all jars of a saver: what is kept and advanced equals what the history says."""

from __future__ import annotations

import os
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.periods import Plan
from app.services.gamification.habit import Freezes, catch_up, from_history
from app.services.gamification.streaks import DAY, JarTerms, Movement, StreakState, advance, read
from app.services.gamification.tallies import Tallies, tallies_from_history, tally

# Beside the two thousand of test_histories.py, which knows zones, midnights and reversals.
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
histories_checked = settings(max_examples=20_000 if LONG else 500, deadline=None, derandomize=not LONG)
FIRST = date(2026, 1, 1)


@st.composite
def terms_of_jars(draw: st.DrawFn) -> list[JarTerms]:
    jars = []
    for _ in range(draw(st.integers(1, 3))):
        first = FIRST + timedelta(draw(st.integers(0, 20)))
        pauses = []
        if draw(st.booleans()):
            begins = first + timedelta(draw(st.integers(0, 25)))
            pauses.append((begins, begins + timedelta(draw(st.integers(0, 29)))))
        last = draw(st.none() | st.none() | st.integers(0, 60).map(lambda days, first=first: first + timedelta(days)))
        plan = draw(st.sampled_from([Plan.DAILY, Plan.DAILY, Plan.WEEKLY, Plan.MONTHLY, Plan.FLEXIBLE]))
        jars.append(JarTerms(plan, draw(st.none() | st.integers(1, 5)), first, last, tuple(pauses)))
    return jars


@st.composite
def savers(draw: st.DrawFn) -> tuple[list[JarTerms], list[tuple[int, Movement]], list[date]]:
    """Jars, movements of them in order of days, and days on which somebody looks."""
    jars = draw(terms_of_jars())
    movements: list[tuple[int, Movement]] = []
    day = FIRST
    for _ in range(draw(st.integers(0, 40))):
        day += timedelta(draw(st.sampled_from([0, 0, 1, 1, 1, 1, 1, 2, 3, 9])))
        index = draw(st.integers(0, len(jars) - 1))
        if day >= jars[index].first_day and (jars[index].last_day is None or day <= jars[index].last_day):
            movements.append((index, Movement(day, draw(st.sampled_from([5, 5, 5, 5, 2, 9, -3])))))
    looks = draw(st.lists(st.integers(0, 90).map(lambda days: FIRST + timedelta(days)), max_size=6))
    return jars, movements, sorted({*looks, day + DAY, day + timedelta(40)})


@histories_checked
@given(savers())
def test_what_is_kept_equals_the_history(
    saver: tuple[list[JarTerms], list[tuple[int, Movement]], list[date]],
) -> None:
    jars, movements, looks = saver
    states, freezes, through = [StreakState() for _ in jars], Freezes(), FIRST - DAY
    tallies = Tallies()
    events = sorted(
        [(movement.day, 0, index, movement) for index, movement in movements] + [(day, 1, 0, None) for day in looks],
        key=lambda event: event[:2],
    )
    done: list[list[Movement]] = [[] for _ in jars]
    for day, _, index, movement in events:
        # Late and at odd moments, but always before a movement is taken in or anybody looks.
        yesterday = max(through, day - DAY)
        freezes, states, closed = catch_up(
            freezes, list(zip(jars, states, strict=True)), after=through, through=yesterday
        )
        tallies = tally(tallies, closed, after=through, through=yesterday)
        through = yesterday
        assert catch_up(freezes, list(zip(jars, states, strict=True)), after=through, through=through)[1:] == (
            states,
            [],
        )
        if movement is not None:
            states[index] = advance(states[index], jars[index], movement.day, movement.amount)
            done[index].append(movement)
            continue
        held, histories = from_history(list(zip(jars, done, strict=True)), day)
        assert freezes == held
        assert tallies == tallies_from_history(list(zip(jars, histories, strict=True)), through)
        for terms, state, history in zip(jars, states, histories, strict=True):
            seen = read(state, terms, day)
            assert seen.current == history.current
            assert seen.longest >= seen.current


def days(count: int, *, start: date = FIRST, amount: int = 5) -> list[Movement]:
    return [Movement(start + timedelta(number), amount) for number in range(count)]


DAILY = JarTerms(Plan.DAILY, None, FIRST)


@pytest.mark.parametrize(("count", "expected"), [(6, (0, 24)), (7, (1, 0)), (13, (1, 24)), (14, (2, 0)), (30, (2, 0))])
def test_seven_days_earn_a_freeze_and_two_are_the_most(count: int, expected: tuple[int, int]) -> None:
    freezes, _ = from_history([(DAILY, days(count))], FIRST + timedelta(count))
    assert (freezes.held, freezes.parts) == expected


@pytest.mark.parametrize(
    ("plan", "step", "periods", "look"),
    [(Plan.WEEKLY, 7, 4, date(2026, 1, 27)), (Plan.MONTHLY, 31, 2, date(2026, 3, 4))],
)
def test_weeks_and_months_earn_too(plan: Plan, step: int, periods: int, look: date) -> None:
    terms = JarTerms(plan, None, FIRST)
    movements = [Movement(FIRST + timedelta(number * step), 5) for number in range(periods)]
    assert from_history([(terms, movements)], look)[0] == Freezes(held=1)
    assert from_history([(terms, movements)], look - DAY)[0].held == 0, "the last is still in its grace"
    assert from_history([(terms, movements[1:])], look)[0].held == 0


def test_a_freeze_keeps_the_streak_and_adds_nothing() -> None:
    movements = [*days(7), *days(3, start=FIRST + timedelta(8))]
    freezes, (jar,) = from_history([(DAILY, movements)], FIRST + timedelta(11))
    assert [one.state for one in jar.periods][6:9] == ["met", "frozen", "met"]
    assert (jar.current, freezes.held) == (10, 0)


def test_without_a_freeze_a_missed_day_ends_the_streak() -> None:
    movements = [*days(6), *days(3, start=FIRST + timedelta(7))]
    _, (jar,) = from_history([(DAILY, movements)], FIRST + timedelta(10))
    assert jar.current == 3
    assert jar.periods[6].state == "missed"


def test_one_freeze_serves_the_jar_whose_period_closes_first() -> None:
    weekly = JarTerms(Plan.WEEKLY, None, date(2025, 12, 29))
    # Thursday to Wednesday: seven days; then nothing. Thursday is missed before the week's Monday of grace.
    _, (first, second) = from_history([(weekly, []), (DAILY, days(7))], FIRST + timedelta(14))
    assert [one.state for one in first.periods] == ["missed", "missed", "open"]
    assert [one.state for one in second.periods][7:9] == ["frozen", "missed"]


def test_a_pause_is_passed_over_and_uses_no_freeze() -> None:
    paused = JarTerms(Plan.DAILY, None, FIRST, pauses=((FIRST + timedelta(7), FIRST + timedelta(10)),))
    movements = [*days(7), *days(2, start=FIRST + timedelta(11))]
    freezes, (jar,) = from_history([(paused, movements)], FIRST + timedelta(13))
    assert [one.state for one in jar.periods][7:11] == ["paused"] * 4
    assert (jar.current, freezes.held) == (9, 1)


def test_a_deposit_during_a_pause_counts() -> None:
    paused = JarTerms(Plan.DAILY, None, FIRST, pauses=((FIRST + DAY, FIRST + timedelta(3)),))
    _, (jar,) = from_history([(paused, days(5))], FIRST + timedelta(5))
    assert jar.current == 5


def test_nothing_is_due_during_a_pause() -> None:
    paused = JarTerms(Plan.DAILY, None, FIRST, pauses=((FIRST + DAY, FIRST + timedelta(3)),))
    state = advance(StreakState(), paused, FIRST, 5)
    seen = read(state, paused, FIRST + DAY)
    assert (seen.at_risk, seen.due_by) == (False, FIRST + timedelta(4))
