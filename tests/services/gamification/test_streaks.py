from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.periods import GRACE_DAYS, Period, Plan, closes_on, period_of, shift
from app.services.gamification.streaks import (
    JarTerms,
    Movement,
    PeriodState,
    StreakReading,
    StreakState,
    advance,
    counted,
    period_states,
    read,
    replay,
)

PERIODIC = (Plan.DAILY, Plan.WEEKLY, Plan.MONTHLY)
DAY = timedelta(1)

# The limit on examples is the number of random histories; each is compared on many days.
histories_checked = settings(max_examples=500, deadline=None, derandomize=True)


# ---- the slow definition, from the words of the rules ----


def slow_current(terms: JarTerms, states: list[PeriodState]) -> int:
    run = 0
    for each in reversed(states):
        if each.state == "missed":
            break
        run += each.state != "open" or terms.met(each.net)
    return run


def slow_reading(terms: JarTerms, movements: list[Movement], today: date, longest: int) -> StreakReading:
    states = period_states(terms, movements, today)
    current = slow_current(terms, states)
    ended = terms.ends is not None and today > terms.ends
    held = next((each for each in states if today in each.period), None)
    waiting = [each for each in states if each.state == "open" and not terms.met(each.net)]
    risky = [each for each in waiting if each.period.end <= today]
    if risky and risky[0].period.end < today:
        due_by = min(closes_on(terms.plan, risky[0].period), terms.last_day or date.max)
    elif ended:
        due_by = None
    else:
        following = period_of(terms.plan, max(today, terms.first_day))
        assert following is not None
        while following in [each.period for each in states if terms.met(each.net)]:
            following = shift(terms.plan, following, 1)
        due_by = following.end if terms.counts(following) else None
    at_risk = bool(risky) and current > 0
    if held is None:
        return StreakReading(current, longest, at_risk, due_by, None, 0)
    return StreakReading(current, longest, at_risk, due_by, held.period, held.net)


# ---- random histories ----


@st.composite
def jar_terms(draw: st.DrawFn) -> JarTerms:
    first = draw(
        st.one_of(
            st.sampled_from([date(2024, 1, 31), date(2024, 2, 29), date(2023, 12, 31), date(2024, 7, 1)]),
            st.dates(date(2023, 1, 1), date(2025, 12, 31)),
        )
    )
    plan = draw(st.sampled_from(PERIODIC))
    length = st.integers(0, {Plan.DAILY: 12, Plan.WEEKLY: 60, Plan.MONTHLY: 240}[plan])
    last = draw(st.none() | st.none() | length.map(lambda days: first + timedelta(days)))
    return JarTerms(plan, draw(st.none() | st.integers(1, 5)), first, last)


AMOUNTS = st.integers(-4, 9).filter(bool)


@st.composite
def histories(draw: st.DrawFn, terms: JarTerms) -> list[Movement]:
    """Deposits and withdrawals in order, many of them in graces, on last days and on the same day."""
    period = period_of(terms.plan, terms.first_day)
    assert period is not None
    day, movements = terms.first_day, []
    for _ in range(draw(st.integers(0, 9))):
        period = shift(terms.plan, period, draw(st.sampled_from([0, 0, 0, 1, 1, 1, 2, 3])))
        place = draw(st.integers(-2, 4))
        wanted = period.end + (place + 1) * DAY if place < 0 else period.start + place * DAY
        day = max(day, min(wanted, period.end))
        movements.append(Movement(day, draw(AMOUNTS)))
    return movements


@st.composite
def jars(draw: st.DrawFn) -> tuple[JarTerms, list[Movement]]:
    terms = draw(jar_terms())
    return terms, draw(histories(terms))


def days_until(day: date, following: date, plan: Plan) -> list[date]:
    """Days from ``day`` to ``following`` on which something can change, both ends included."""
    ends = {day, following}
    period = period_of(plan, day)
    while period is not None and period.start <= following:
        ends |= {period.start, period.end, closes_on(plan, period), closes_on(plan, period) + DAY}
        period = shift(plan, period, 1)
    return sorted(each for each in ends if day <= each <= following)


@histories_checked
@given(jars())
def test_the_streak_equals_its_slow_recomputation_at_every_moment(
    jar: tuple[JarTerms, list[Movement]],
) -> None:
    terms, movements = jar
    state, longest = StreakState(), 0
    spare = timedelta({Plan.DAILY: 3, Plan.WEEKLY: 16, Plan.MONTHLY: 66}[terms.plan])
    first_moved = movements[0].day if movements else terms.first_day
    for day in days_until(terms.first_day - DAY, first_moved, terms.plan):
        assert read(state, terms, day) == slow_reading(terms, [], day, 0)
    for index, movement in enumerate(movements):
        state = advance(state, terms, movement.day, movement.amount)
        so_far = movements[: index + 1]
        longest = max(longest, slow_current(terms, period_states(terms, so_far, movement.day)))
        until = movements[index + 1].day if index + 1 < len(movements) else movement.day + spare
        for day in days_until(movement.day, until, terms.plan):
            expected = slow_reading(terms, so_far, day, longest)
            assert expected.current <= longest
            assert read(state, terms, day) == expected, day
    assert replay(terms, movements) == state


@histories_checked
@given(jars(), st.integers(0, 70))
def test_a_jar_that_ends_later_than_its_movements_is_read_without_replay(
    jar: tuple[JarTerms, list[Movement]], days: int
) -> None:
    terms, movements = replace(jar[0], last_day=None), jar[1]
    state = replay(terms, movements)
    newest = movements[-1].day if movements else terms.first_day
    ended = replace(terms, last_day=newest + timedelta(days % 9 if terms.plan == Plan.DAILY else days))
    assert ended.last_day is not None
    for today in (newest, ended.last_day, ended.last_day + DAY, ended.last_day + 99 * DAY):
        assert read(state, ended, today) == slow_reading(ended, movements, today, state.longest)


@histories_checked
@given(jars(), st.none() | st.integers(0, 40))
def test_a_jar_that_was_filled_with_its_newest_movement_is_read_without_replay(
    jar: tuple[JarTerms, list[Movement]], days: int | None
) -> None:
    movements = jar[1] or [Movement(jar[0].first_day, 9)]
    newest = movements[-1].day
    terms = replace(jar[0], last_day=None if days is None else newest + timedelta(days))
    state = replay(terms, movements)
    period = period_of(terms.plan, newest)
    assert period is not None
    filled = replace(terms, filled=period.end + DAY if terms.met(state.net) else newest)
    for after_it in (0, 1, 2, 3, 4, 7, 28, 99):
        today = newest + timedelta(after_it)
        assert read(state, filled, today) == slow_reading(filled, movements, today, state.longest)


def test_a_jar_that_was_filled_leaves_the_month_before_its_grace() -> None:
    terms = replace(jar(Plan.MONTHLY), filled=date(2026, 4, 1))
    assert read(StreakState(), terms, date(2026, 4, 3)).due_by == date(2026, 4, 3)
    assert shown(terms, [(date(2026, 4, 3), 100)], date(2026, 4, 4)) == [("late", 100)]
    assert read(StreakState(), terms, date(2026, 4, 4)).due_by is None


@histories_checked
@given(jars())
def test_a_streak_never_ends_without_having_been_at_risk(jar: tuple[JarTerms, list[Movement]]) -> None:
    terms, movements = jar
    state = replay(terms, movements)
    first = movements[-1].day if movements else terms.first_day
    grace = GRACE_DAYS[terms.plan]
    days = [first + timedelta(n) for n in range(40)]
    readings = [read(state, terms, day) for day in days]
    for at, day in enumerate(days[: -1 - grace]):
        today, tomorrow = readings[at], readings[at + 1]
        if tomorrow.current < today.current and (terms.last_day is None or day < terms.last_day):
            assert today.at_risk
            assert today.due_by == day
        if today.at_risk:
            assert readings[at + grace + 1].current < today.current
            assert today.due_by is not None
            assert day <= today.due_by <= day + timedelta(grace)


@st.composite
def booked(draw: st.DrawFn) -> tuple[JarTerms, list[Movement], list[Movement]]:
    """A history in booking order with reversals and late bookings, and the one without what was reversed."""
    terms, plain = draw(jars())
    movements: list[Movement] = []
    kept: list[Movement] = []
    for movement in plain:
        late = timedelta(draw(st.sampled_from([0, 0, 0, 0, 1, 3])) if movements else 0)
        movements.append(replace(movement, day=max(terms.first_day, movement.day - late)))
        kept.append(movements[-1])
        if draw(st.integers(0, 3)) == 0:
            wrong = draw(st.sampled_from(kept))
            # Of equal movements on one day the newest is the one that a reversal takes.
            del kept[len(kept) - 1 - kept[::-1].index(wrong)]
            movements.append(Movement(max(each.day for each in movements), -wrong.amount, wrong.day))
    return terms, movements, kept


@histories_checked
@given(booked())
def test_a_reversal_counts_as_if_what_it_reverses_had_never_been(
    case: tuple[JarTerms, list[Movement], list[Movement]],
) -> None:
    terms, movements, right = case
    today = max((each.day for each in movements), default=terms.first_day)
    in_order = sorted(right, key=lambda each: each.day)
    assert counted(movements) == [(each.day, each.amount) for each in in_order]
    assert period_states(terms, movements, today) == period_states(terms, in_order, today)
    assert replace(replay(terms, movements), longest=0) == replace(replay(terms, in_order), longest=0)


@histories_checked
@given(booked())
def test_replay_with_reversals_equals_the_slow_recomputation(
    case: tuple[JarTerms, list[Movement], list[Movement]],
) -> None:
    terms, movements, _ = case
    longest = 0
    for end in range(1, len(movements) + 1):
        known = [Movement(*entry) for entry in counted(movements[:end])]
        for upto in range(1, len(known) + 1):
            states = period_states(terms, known[:upto], known[upto - 1].day)
            longest = max(longest, slow_current(terms, states))
    state = replay(terms, movements)
    today = max((each.day for each in movements), default=terms.first_day)
    for day in (today, today + DAY, today + 4 * DAY, today + 40 * DAY):
        assert read(state, terms, day) == slow_reading(terms, movements, day, longest)


# ---- the sentences of the rules ----

MON, TUE, SUN = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 8)
NEXT_MON, NEXT_TUE = date(2026, 3, 9), date(2026, 3, 10)


def jar(plan: Plan, installment: int | None = 100, first: date = MON, last: date | None = None) -> JarTerms:
    return JarTerms(plan, installment, first, last)


def after(terms: JarTerms, *entries: tuple[date, int]) -> StreakState:
    return replay(terms, [Movement(day, amount) for day, amount in entries])


def shown(terms: JarTerms, entries: list[tuple[date, int]], today: date) -> list[tuple[str, int]]:
    movements = [Movement(day, amount) for day, amount in entries]
    return [(each.state, each.net) for each in period_states(terms, movements, today)]


@pytest.mark.parametrize("installment", [100, None])
def test_100_in_and_100_out_on_one_day_is_not_met(installment: int | None) -> None:
    terms = jar(Plan.DAILY, installment)
    assert read(after(terms, (MON, 100), (MON, -100)), terms, MON).current == 0
    assert shown(terms, [(MON, 100), (MON, -100)], TUE) == [("missed", 0), ("open", 0)]


def test_the_open_period_adds_one_as_soon_as_it_is_met_and_never_breaks() -> None:
    terms = jar(Plan.DAILY)
    state = after(terms, (MON, 100), (TUE, 60))
    assert read(state, terms, TUE).current == 1
    state = advance(state, terms, TUE, 40)
    assert read(state, terms, TUE).current == 2
    assert read(state, terms, TUE + DAY).current == 2
    assert read(state, terms, TUE + 2 * DAY).current == 0
    assert read(state, terms, TUE + 2 * DAY).longest == 2


def test_many_tiny_deposits_earn_one_period_and_no_more() -> None:
    terms = jar(Plan.DAILY, None)
    assert read(after(terms, *[(MON, 1)] * 50), terms, MON).current == 1


def test_a_deposit_on_the_monday_after_counts_for_last_week_first() -> None:
    terms = jar(Plan.WEEKLY)
    state = after(terms, (TUE, 70), (NEXT_MON, 50))
    assert state == StreakState(NEXT_MON, net=20, previous_net=100, run=0, longest=1)
    assert read(state, terms, NEXT_MON).current == 1
    assert shown(terms, [(TUE, 70), (NEXT_MON, 50)], NEXT_TUE) == [("late", 100), ("open", 20)]
    assert read(after(terms, (TUE, 70), (NEXT_MON, 130)), terms, NEXT_MON).current == 2


def test_a_deposit_after_the_grace_leaves_last_week_missed() -> None:
    terms = jar(Plan.WEEKLY)
    assert shown(terms, [(TUE, 70), (NEXT_TUE, 130)], NEXT_TUE) == [("missed", 70), ("open", 130)]
    assert read(after(terms, (TUE, 70), (NEXT_TUE, 130)), terms, NEXT_TUE).current == 1


def test_without_an_installment_all_of_a_deposit_in_the_grace_counts_for_the_older_period() -> None:
    terms = jar(Plan.WEEKLY, None)
    assert shown(terms, [(NEXT_MON, 500)], NEXT_MON) == [("open", 500), ("open", 0)]
    assert shown(terms, [(NEXT_MON, 500), (NEXT_MON, 1)], NEXT_TUE) == [("late", 500), ("open", 1)]
    assert shown(terms, [(SUN, -50), (NEXT_MON, 30), (NEXT_MON, 40)], NEXT_TUE) == [("late", 20), ("open", 0)]


def test_a_withdrawal_in_the_grace_counts_in_the_period_of_its_own_day() -> None:
    terms = jar(Plan.WEEKLY)
    assert shown(terms, [(SUN, 100), (NEXT_MON, -100)], NEXT_TUE) == [("met", 100), ("open", -100)]


@pytest.mark.parametrize(("day", "state"), [(date(2026, 4, 3), "late"), (date(2026, 4, 4), "missed")])
def test_a_month_can_be_met_until_the_third(day: date, state: str) -> None:
    terms = jar(Plan.MONTHLY)
    assert [each[0] for each in shown(terms, [(day, 100)], date(2026, 4, 3))] == ["open", "open"]
    assert shown(terms, [(day, 100)], date(2026, 4, 4))[0][0] == state
    assert read(after(terms, (day, 100)), terms, day).current == 1


def test_a_look_back_knows_only_the_movements_up_to_that_day() -> None:
    movements = [(MON, 100), (TUE, 70), (NEXT_MON, 100)]
    assert shown(jar(Plan.WEEKLY, 200), movements, SUN) == [("open", 170)]
    assert shown(jar(Plan.WEEKLY, 200), movements, NEXT_MON) == [("open", 200), ("open", 70)]


def test_a_day_has_no_grace() -> None:
    assert shown(jar(Plan.DAILY), [(TUE, 200)], TUE) == [("missed", 0), ("open", 200)]


def test_no_period_comes_before_the_one_that_holds_the_first_day() -> None:
    terms = jar(Plan.WEEKLY, first=NEXT_MON)
    assert shown(terms, [(NEXT_MON, 100)], NEXT_MON) == [("open", 100)]
    assert after(terms, (SUN, 100)) == StreakState()
    midweek = jar(Plan.WEEKLY, first=TUE)
    assert period_states(midweek, [], TUE)[0].period == Period(MON, SUN)


def test_the_period_that_holds_the_last_day_does_not_count() -> None:
    ended_within = jar(Plan.WEEKLY, last=NEXT_TUE)
    assert shown(ended_within, [(TUE, 100)], NEXT_TUE + 30 * DAY) == [("met", 100)]
    reading = read(after(ended_within, (TUE, 100), (NEXT_TUE, 100)), ended_within, NEXT_TUE + 30 * DAY)
    assert reading == StreakReading(1, 1, False, None, None, 0)
    assert shown(jar(Plan.WEEKLY, last=SUN), [(TUE, 100)], NEXT_TUE) == []


def test_the_last_day_cuts_the_grace_short() -> None:
    terms = jar(Plan.MONTHLY, last=date(2026, 4, 2))
    assert read(StreakState(), terms, date(2026, 4, 1)).due_by == date(2026, 4, 2)
    assert shown(terms, [(date(2026, 4, 2), 100)], date(2026, 4, 3)) == [("late", 100)]
    assert shown(terms, [(date(2026, 4, 3), 100)], date(2026, 4, 3)) == [("missed", 0)]
    assert after(terms, (date(2026, 4, 3), 100)) == StreakState()


def test_nothing_is_open_due_or_at_risk_after_the_last_day() -> None:
    terms = jar(Plan.DAILY, last=TUE + DAY)
    state = after(terms, (MON, 100), (TUE, 100))
    assert read(state, terms, TUE) == StreakReading(2, 2, False, None, Period(TUE, TUE), 100)
    assert read(state, terms, TUE + 90 * DAY) == StreakReading(2, 2, False, None, None, 0)


def test_a_reversal_counts_on_the_date_of_what_it_reverses() -> None:
    terms = jar(Plan.DAILY)
    movements = [Movement(MON, 100), Movement(TUE, 100), Movement(TUE + DAY, 100)]
    assert replay(terms, movements).longest == 3
    reversed_later = replay(terms, [*movements, Movement(TUE + DAY, -100, reverses_day=TUE)])
    reading = read(reversed_later, terms, TUE + DAY)
    assert (reading.current, reading.longest) == (1, 3)


def test_a_reversed_deposit_gives_its_place_in_the_grace_to_the_next() -> None:
    terms = jar(Plan.WEEKLY, None)
    movements = [Movement(NEXT_MON, 10), Movement(NEXT_MON, 20), Movement(NEXT_TUE, -10, NEXT_MON)]
    assert [each.net for each in period_states(terms, movements, NEXT_TUE)] == [20, 0]
    assert replay(terms, movements).previous_net == 20


def test_a_partial_reversal_takes_from_the_newest_deposits_of_the_day() -> None:
    movements = [Movement(MON, 30), Movement(MON, 50), Movement(TUE, -60, MON), Movement(TUE, -90, MON)]
    assert counted(movements[:3]) == [(MON, 20)]
    assert counted(movements) == [(MON, -70)]
    with_withdrawal = [Movement(MON, 30), Movement(MON, -10), Movement(TUE, -20, MON)]
    assert counted(with_withdrawal) == [(MON, 10), (MON, -10)]


def test_a_reversed_withdrawal_mends_the_run_that_it_broke() -> None:
    terms = jar(Plan.DAILY)
    days = [MON + timedelta(n) for n in range(5)]
    movements = [Movement(day, 100) for day in days]
    movements.insert(3, Movement(days[2], -100))
    assert replay(terms, movements).longest == 3
    assert read(replay(terms, movements), terms, days[4]).current == 2
    mended = replay(terms, [*movements, Movement(days[4], 100, reverses_day=days[2])])
    assert (read(mended, terms, days[4]).current, mended.longest) == (5, 5)


@pytest.mark.parametrize(
    ("plan", "entries", "today", "at_risk", "due_by"),
    [
        (Plan.DAILY, [], MON, False, MON),
        (Plan.DAILY, [(MON, 100)], MON, False, TUE),
        (Plan.DAILY, [(MON, 100)], TUE, True, TUE),
        (Plan.WEEKLY, [(TUE, 100)], TUE, False, date(2026, 3, 15)),
        (Plan.WEEKLY, [(TUE, 100)], date(2026, 3, 14), False, date(2026, 3, 15)),
        (Plan.WEEKLY, [(TUE, 100)], date(2026, 3, 15), True, date(2026, 3, 15)),
        (Plan.WEEKLY, [(TUE, 100)], date(2026, 3, 16), True, date(2026, 3, 16)),
        (Plan.WEEKLY, [(TUE, 100)], date(2026, 3, 17), False, date(2026, 3, 22)),
        (Plan.MONTHLY, [(TUE, 100)], date(2026, 4, 30), True, date(2026, 4, 30)),
        (Plan.MONTHLY, [(TUE, 100)], date(2026, 5, 1), True, date(2026, 5, 3)),
        (Plan.MONTHLY, [(TUE, 100)], date(2026, 5, 4), False, date(2026, 5, 31)),
    ],
)
def test_what_is_due_and_at_risk(
    plan: Plan, entries: list[tuple[date, int]], today: date, at_risk: bool, due_by: date
) -> None:
    terms = jar(plan)
    reading = read(after(terms, *entries), terms, today)
    assert (reading.at_risk, reading.due_by) == (at_risk, due_by)


def test_a_jar_that_has_not_begun_is_due_in_its_first_period() -> None:
    terms = jar(Plan.MONTHLY, first=date(2026, 5, 20))
    assert read(StreakState(), terms, MON) == StreakReading(0, 0, False, date(2026, 5, 31), None, 0)


def test_a_flexible_jar_has_no_streak() -> None:
    terms = jar(Plan.FLEXIBLE, None)
    state = after(terms, (MON, 100), (TUE, 100))
    assert state == StreakState()
    assert read(state, terms, TUE) == StreakReading(0, 0, False, None, None, 0)
    assert period_states(terms, [Movement(MON, 100)], TUE) == []


def test_what_cannot_be_advanced_or_read_is_refused() -> None:
    terms = jar(Plan.WEEKLY)
    state = after(terms, (NEXT_MON, 100))
    with pytest.raises(ValueError, match="before the newest period"):
        advance(state, terms, SUN, 100)
    with pytest.raises(ValueError, match="ended before"):
        read(state, replace(terms, last_day=SUN), NEXT_MON)
    with pytest.raises(ValueError, match="above zero"):
        jar(Plan.WEEKLY, 0)


def test_a_reader_whose_day_is_a_moment_behind_sees_the_newest_deposit() -> None:
    terms = jar(Plan.DAILY)
    state = after(terms, (MON, 100), (TUE, 100))
    assert read(state, terms, MON) == read(state, terms, TUE)
