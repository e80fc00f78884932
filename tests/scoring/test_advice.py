"""What would help: the vectors of the design, and futures that come true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.periods import Plan
from app.scoring.advice import Advice, Step, advice
from app.scoring.features import Instalments, features_now
from app.scoring.policy import policy
from app.scoring.rule import rule_scores
from app.services.gamification.streaks import JarTerms, Movement
from tests.scoring.columns import Saver, columns, ints, number

checked = settings(max_examples=150, deadline=None, derandomize=True)
MONDAY = date(2026, 1, 5)
WEEKLY = JarTerms(Plan.WEEKLY, 50, MONDAY)


def weeks(kept: Sequence[bool], terms: JarTerms = WEEKLY) -> tuple[JarTerms, list[Movement]]:
    """A deposit in the middle of each week that was kept."""
    return terms, [Movement(MONDAY + timedelta(7 * week + 2), 50) for week, yes in enumerate(kept) if yes]


def after(kept: Sequence[bool]) -> date:
    """Wednesday of the week behind them, which is open and not met."""
    return MONDAY + timedelta(7 * len(kept) + 2)


def advised(saver: Saver, today: date) -> Advice:
    return advice(*columns([saver]), Instalments.none(1), number(today), policy())


def scored(saver: Saver, today: date) -> int:
    found = features_now(*columns([saver]), Instalments.none(1), ints([number(today)]))
    return int(rule_scores(found, policy()).score[0])


def points(found: Advice) -> dict[tuple[str, int], int | None]:
    return {(step.code, step.count): step.points for step in found.steps}


def test_ten_of_twelve_weeks() -> None:
    kept = [digit == "1" for digit in "110111110111"]
    found = advised([weeks(kept)], after(kept))
    assert scored([weeks(kept)], after(kept)) == 711
    assert found == Advice(
        [
            Step("keep_up", 2, 27, Plan.WEEKLY, date(2026, 4, 5)),
            Step("keep_up", 4, 66, Plan.WEEKLY, date(2026, 4, 5)),
            Step("missed", 1, -61, Plan.WEEKLY, date(2026, 4, 5)),
        ],
        Plan.WEEKLY,
    )


def test_a_week_that_is_met_already_lies_behind() -> None:
    kept = [True] * 6
    open_ = advised([weeks(kept)], after(kept))
    met = advised([weeks([*kept, True])], after(kept))
    assert (open_.steps[0].due, met.steps[0].due) == (date(2026, 2, 22), date(2026, 3, 1))
    assert met.steps[0].points == advised([weeks([*kept, True])], after([*kept, True])).steps[0].points


def test_a_week_in_its_grace_comes_first() -> None:
    kept = [True] * 6 + [False]
    monday = MONDAY + timedelta(7 * 7)
    assert advised([weeks(kept)], monday).steps[0].due == monday - timedelta(1)
    assert advised([weeks(kept)], monday + timedelta(1)).steps[0].due == monday + timedelta(6)


@checked
@given(st.lists(st.booleans(), min_size=2, max_size=40), st.integers(0, 6))
def test_what_is_foretold_is_what_comes(kept: list[bool], weekday: int) -> None:
    """The weeks are lived through as advised, and the score moves by as many points as was said."""
    today = MONDAY + timedelta(7 * len(kept) + max(1, weekday))  # grace is over
    now = scored([weeks(kept)], today)
    found = advised([weeks(kept)], today)
    for step in found.steps:
        lived = [*kept, *[step.code != "missed"] * step.count]
        # On time: as soon as the last one is met. Missed: when its grace is over.
        then = after(lived) - timedelta(7) if step.code != "missed" else after(lived)
        assert scored([weeks(lived)], max(then, today)) - now == step.points


@checked
@given(st.lists(st.booleans(), min_size=3, max_size=20), st.lists(st.booleans(), min_size=1, max_size=4), st.data())
def test_of_several_jars_the_next_that_is_due_comes_first(kept: list[bool], months: list[bool], data: st.DataObject):
    daily = JarTerms(Plan.DAILY, None, date(2026, 3, 1))
    monthly = JarTerms(Plan.MONTHLY, 100, date(2026, 1, 1))
    days = [Movement(daily.first_day + timedelta(day), 10) for day, yes in enumerate(kept) if yes]
    month = [Movement(date(2026, one + 1, 9), 100) for one, yes in enumerate(months) if yes]
    today = daily.first_day + timedelta(len(kept))
    if data.draw(st.booleans()):  # this month is met already, though it is due after the days to come
        month = [one for one in month if one.day < date(2026, 3, 1)] + [Movement(date(2026, 3, 2), 100)]
    saver = [(daily, days), (monthly, [one for one in month if one.day <= today])]
    now, found = scored(saver, today), advised(saver, today)
    assert all(step.plan == Plan.DAILY for step in found.steps)
    for step in found.steps:
        ahead = [Movement(today + timedelta(day), 10) for day in range(step.count) if step.code == "keep_up"]
        then = today + timedelta(step.count - 1 if step.code == "keep_up" else 1)
        if then.month > today.month:  # the month has closed by then, which is one more obligation
            continue
        assert scored([(daily, days + ahead), saver[1]], then) - now == step.points


def test_months_and_days_together_have_no_one_plan() -> None:
    monthly, daily = JarTerms(Plan.MONTHLY, 100, date(2026, 1, 1)), JarTerms(Plan.DAILY, 10, date(2026, 2, 20))
    saver = [(monthly, [Movement(date(2026, 1, 5), 100)]), (daily, [Movement(date(2026, 2, 20), 10)])]
    found = advised(saver, date(2026, 2, 26))
    assert found.plan is None
    assert [step.plan for step in found.steps if step.count == 4] == [None]
    assert [step.plan for step in found.steps if step.count == 2] == [Plan.DAILY]


# ---- money taken out ----


def test_leaving_money_in_has_its_own_points() -> None:
    kept = [True] * 8
    terms, moves = weeks(kept)
    taken = [*moves, Movement(moves[-1].day, -25)]
    found = advised([(replace_installment(terms), taken)], after(kept))
    (leave,) = [step for step in found.steps if step.code == "leave_in"]
    ratio = 25 / 400
    assert leave.points == 30 - int(np.floor(30 * (1 - ratio) + 0.5))
    assert leave.count == 12, "until it is no longer among the last twelve"
    assert "leave_in" not in {step.code for step in advised([weeks(kept)], after(kept)).steps}


def replace_installment(terms: JarTerms) -> JarTerms:
    return JarTerms(terms.plan, 25, terms.first_day)


# ---- ends of the range ----


def test_nothing_more_to_gain_says_so() -> None:
    kept = [True] * 120
    found = advised([weeks(kept)], after(kept))
    assert points(found)[("stay", 1)] == 0
    assert [step.code for step in found.steps] == ["stay", "missed"]


def test_whoever_missed_all_has_everything_to_gain_and_nothing_to_lose() -> None:
    kept = [False] * 30
    found = advised([weeks(kept)], after(kept))
    assert [step.code for step in found.steps] == ["keep_up", "keep_up"]
    assert 0 < (found.steps[0].points or 0) < (found.steps[1].points or 0)


def test_a_jar_that_ends_has_no_future_beyond_it() -> None:
    kept = [True] * 5
    ends = JarTerms(Plan.WEEKLY, 50, MONDAY, last_day=MONDAY + timedelta(7 * 6))
    found = advised([weeks(kept, ends)], after(kept))
    assert {step.count for step in found.steps} == {1}
    over = advised([weeks([*kept, True], ends)], after([*kept, True]))
    assert over.steps == [Step("make_plan")]


def test_a_filled_jar_asks_for_nothing_more() -> None:
    kept = [True] * 5
    filled = JarTerms(Plan.WEEKLY, 50, MONDAY, filled=MONDAY + timedelta(7 * 4 + 2))
    assert advised([weeks(kept, filled)], after(kept)).steps == [Step("make_plan")]


def test_a_pause_is_passed_over() -> None:
    kept = [True] * 5
    pause = (MONDAY + timedelta(7 * 5 + 3), MONDAY + timedelta(7 * 6 + 1))
    paused = JarTerms(Plan.WEEKLY, 50, MONDAY, pauses=(pause,))
    assert advised([weeks(kept, paused)], after(kept)).steps[0].due == MONDAY + timedelta(7 * 7 + 6)


# ---- before there is a score ----


def test_nothing_is_asked_for_without_a_plan() -> None:
    flexible = JarTerms(Plan.FLEXIBLE, None, MONDAY)
    for saver in ([], [(flexible, [Movement(MONDAY, 50)])]):
        assert advised(saver, MONDAY + timedelta(9)) == Advice([Step("make_plan")], None, 2)


@pytest.mark.parametrize(
    ("kept", "today", "left", "until"),
    [
        ([], date(2026, 1, 7), 2, date(2026, 1, 20)),
        ([True], date(2026, 1, 8), 2, date(2026, 1, 20)),
        ([True], date(2026, 1, 14), 1, date(2026, 1, 20)),
        ([False], date(2026, 1, 12), 2, date(2026, 1, 20)),  # Monday: the first week is still in its grace
    ],
)
def test_the_day_from_which_there_is_a_score(kept: list[bool], today: date, left: int, until: date) -> None:
    found = advised([weeks(kept)], today)
    assert (found.left, found.until) == (left, until)
    assert [(step.code, step.count, step.points) for step in found.steps] == [("begin", left, None)]
    lived = [*kept[:1], True] if kept == [True] or not kept else [True, True]
    assert found.opens_at == scored([weeks(lived if len(lived) == 2 else [True, True])], until)


def test_a_score_that_is_provisional_settles_on_a_day() -> None:
    kept = [True, False]
    found = advised([weeks(kept)], after(kept))
    assert (found.left, found.until) == (2, date(2026, 2, 3))
    assert [step.code for step in found.steps] == ["keep_up", "keep_up", "missed"]
    settled = advised([weeks([True] * 4)], after([True] * 4))
    assert (settled.left, settled.until) == (0, None)
