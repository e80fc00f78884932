"""Closed periods in columns are those of the streak's own slow definition, for any number of savers at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.periods import Plan, period_of
from app.scoring.obligations import obligations
from app.services.gamification.streaks import JarTerms, Movement, PeriodState, period_states
from tests.scoring.columns import Saver, columns, history, ints, number

checked = settings(max_examples=150, deadline=None, derandomize=True)
FIRST = date(2027, 12, 20)  # into a leap year
PLANS = [Plan.DAILY, Plan.WEEKLY, Plan.WEEKLY, Plan.MONTHLY, Plan.MONTHLY, Plan.FLEXIBLE]


@st.composite
def jar(draw: st.DrawFn) -> tuple[JarTerms, list[Movement]]:
    first = FIRST + timedelta(draw(st.integers(0, 20)))
    pauses = []
    if draw(st.booleans()):
        begins = first + timedelta(draw(st.integers(0, 60)))
        pauses.append((begins, begins + timedelta(draw(st.integers(0, 29)))))
    last = draw(st.none() | st.none() | st.integers(0, 120).map(lambda days: first + timedelta(days)))
    plan, filled = draw(st.sampled_from(PLANS)), draw(st.none() | st.none() | st.integers(0, 120))
    terms = JarTerms(
        plan,
        draw(st.none() | st.integers(1, 9)),
        first,
        last,
        tuple(pauses),
        filled=None if filled is None else first + timedelta(filled),
    )
    movements, day = [], first
    for _ in range(draw(st.integers(0, 25))):
        day += timedelta(draw(st.sampled_from([0, 0, 1, 1, 2, 3, 7, 7, 8, 28, 31])))
        if last is None or day <= last:
            movements.append(Movement(day, draw(st.sampled_from([5, 5, 5, 2, 1, 9, 30, -3, -5]))))
    return terms, movements


def asked(terms: JarTerms, movements: list[Movement], today: date) -> list[PeriodState]:
    """The periods of a jar that reached its target on ``terms.filled``: the one that did counts where it was met."""
    if terms.filled is None or terms.plan == Plan.FLEXIBLE or (terms.last_day and terms.last_day < terms.filled):
        return period_states(replace(terms, filled=None), movements, today)
    completing = period_of(terms.plan, terms.filled)
    assert completing is not None
    movements = [movement for movement in movements if movement.day <= completing.end]
    states = period_states(replace(terms, filled=completing.end + timedelta(1)), movements, today)
    return [state for state in states if state.period != completing or terms.met(state.net)]


people = st.lists(st.lists(jar(), min_size=1, max_size=3), min_size=1, max_size=4)
days = st.integers(-5, 200).map(lambda days: FIRST + timedelta(days))


@checked
@given(st.data(), people)
def test_a_period_is_on_time_where_the_slow_definition_says_so(data: st.DataObject, savers: list[Saver]) -> None:
    as_of = [data.draw(days) for _ in savers]
    found = history(savers, as_of)
    row = 0
    for index, saver in enumerate(savers):
        expected = []
        for jar_number, (terms, movements) in enumerate(saver):
            known = [movement for movement in movements if movement.day < as_of[index]]
            for state in asked(terms, known, as_of[index]):
                if state.state not in {"open", "paused"}:
                    on_time = state.state in {"met", "late"}
                    expected.append((number(state.period.end), jar_number, on_time, max(state.net, 0)))
        assert (found.starts[index], found.starts[index + 1]) == (row, row + len(expected))
        first_jar = sum(len(other) for other in savers[:index])
        for due, jar_number, on_time, net in sorted(expected):
            assert (found.due[row], found.jar[row] - first_jar) == (due, jar_number)
            assert (bool(found.on_time[row]), int(found.paid[row])) == (on_time, net)
            assert 0 <= found.share[row] <= 1
            assert (found.share[row] == 1) == on_time
            row += 1
    assert row == len(found)


@checked
@given(st.data(), people)
def test_what_has_been_met_counts_before_its_period_is_over(data: st.DataObject, savers: list[Saver]) -> None:
    as_of = [data.draw(days) for _ in savers]
    found = obligations(*columns(savers), ints([number(day) for day in as_of]), settled_early=True)
    first_jar = 0
    for index, saver in enumerate(savers):
        expected = []
        for jar_number, (terms, movements) in enumerate(saver):
            known = [movement for movement in movements if movement.day <= as_of[index]]
            for state in asked(terms, known, as_of[index]):
                met = state.net > 0 if terms.installment is None else state.net >= terms.installment
                if met or state.state == "missed":
                    expected.append((number(state.period.end), jar_number, met))
        rows = range(found.starts[index], found.starts[index + 1])
        got = [(int(found.due[row]), int(found.jar[row] - first_jar), bool(found.on_time[row])) for row in rows]
        assert got == sorted(expected)
        first_jar += len(saver)


def test_what_comes_on_the_day_or_later_is_not_looked_at() -> None:
    terms = JarTerms(Plan.WEEKLY, 5, date(2028, 1, 3))
    kept = Movement(date(2028, 1, 4), 5)
    before = history([[(terms, [kept])]], [date(2028, 1, 18)])
    later = [kept, Movement(date(2028, 1, 18), 50), Movement(date(2028, 1, 20), -55)]
    assert (history([[(terms, later)]], [date(2028, 1, 18)]).paid == before.paid).all()
    assert list(before.on_time) == [True, False]
