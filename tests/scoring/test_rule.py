"""The rule score: its vectors, what it must never do, and the reasons it gives."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.periods import Plan
from app.scoring.calendars import CODES, GRACE, first_day, number_of
from app.scoring.features import SIGNS, Instalments, features_now
from app.scoring.histories import NEVER, Jars, Movements, Pauses
from app.scoring.policy import policy
from app.scoring.rule import factors_of, predicted_scores, probabilities, reasons, rule_scores
from app.services.gamification.streaks import JarTerms, Movement
from tests.scoring.columns import features, ints, number

checked = settings(max_examples=300, deadline=None, derandomize=True)
MONDAY = date(2026, 1, 5)
TERMS = JarTerms(Plan.WEEKLY, 50, MONDAY)


def weeks(kept: list[bool]) -> tuple[JarTerms, list[Movement]]:
    """A weekly jar: one deposit in the middle of each week that was kept."""
    return TERMS, [Movement(MONDAY + timedelta(7 * week + 2), 50) for week, yes in enumerate(kept) if yes]


def after(kept: list[bool]) -> date:
    return MONDAY + timedelta(7 * len(kept) + 2)


def score(kept: list[bool], instalments: int = 0) -> int:
    repaid = Instalments.none(1)
    if instalments:
        days = np.arange(instalments)
        repaid = Instalments(ints([0, instalments]), days, days, days * 0, np.ones(instalments, dtype=bool))
    return int(rule_scores(features([[weeks(kept)]], [after(kept)], repaid), policy()).score[0])


@pytest.mark.parametrize(
    ("kept", "instalments", "points"),
    [([True] * 4, 0, 716), ([True] * 12, 0, 796), ([True] * 24, 0, 834), ([False] * 8, 0, 406), ([True] * 12, 6, 824)],
)
def test_the_vectors(kept: list[bool], instalments: int, points: int) -> None:
    assert score(kept, instalments) == points


def test_ten_of_twelve_weeks_and_what_would_help() -> None:
    kept = [digit == "1" for digit in "110111110111"]
    assert score(kept) == 711
    assert score([*kept, True, True]) - 711 == 27
    assert score([*kept, *[True] * 4]) - 711 == 66
    assert score([*kept, False]) - 711 == -61


def test_one_miss_after_twelve_of_twelve_costs_99_points() -> None:
    assert score([True] * 12) - score([*[True] * 12, False]) == 99


@checked
@given(st.lists(st.booleans(), max_size=60))
def test_a_period_kept_never_lowers_it_and_a_miss_never_raises_it(kept: list[bool]) -> None:
    assert score([*kept, False]) <= score(kept) <= score([*kept, True])


def scores_of(kept: np.ndarray, lengths: np.ndarray, plan: Plan) -> np.ndarray:
    """The scores of many savers with one jar, ``lengths`` periods old: a row of ``kept`` for each."""
    people = len(lengths)
    first = number_of(np.full(people, CODES[plan], dtype=np.int8), np.full(people, number(MONDAY)))
    code, never = np.full(people, CODES[plan], dtype=np.int8), np.full(people, NEVER)
    saver, period = np.nonzero(kept & (np.arange(kept.shape[1]) < lengths[:, None]))
    day = first_day(code[saver], first[saver] + period)
    jars = Jars(np.arange(people), code, np.full(people, 50), first_day(code, first), never, never)
    moves = Movements(saver, day, np.full(len(saver), 50), np.zeros(len(saver), dtype=bool))
    today = first_day(code, first + lengths) + GRACE[code]
    # In its grace a period is still open: the day after it nothing is, and nothing has been put in since.
    found = features_now(jars, Pauses.none(), moves, Instalments.none(people), today)
    assert (found.closed == lengths).all()
    return rule_scores(found, policy()).score


@pytest.mark.parametrize("plan", [Plan.DAILY, Plan.WEEKLY, Plan.MONTHLY])
def test_over_20000_histories_a_period_kept_never_lowers_it_and_a_miss_never_raises_it(plan: Plan) -> None:
    random = np.random.default_rng(20_000)
    lengths = random.integers(0, 60, 20_000)
    kept = random.random((20_000, 61)) < random.random((20_000, 1))
    before, one = scores_of(kept, lengths, plan), np.arange(20_000)
    kept[one, lengths] = True
    better = scores_of(kept, lengths + 1, plan)
    kept[one, lengths] = False
    worse = scores_of(kept, lengths + 1, plan)
    assert (worse <= before).all()
    assert (before <= better).all()
    assert len(np.unique(before)) > 300


@checked
@given(st.lists(st.lists(st.booleans(), max_size=40), min_size=1, max_size=6))
def test_base_and_points_add_up_alone_and_among_others(savers: list[list[bool]]) -> None:
    found = rule_scores(features([[weeks(kept)] for kept in savers], [after(kept) for kept in savers]), policy())
    assert (found.score == policy().base + found.points.sum(axis=1)).all()
    assert ((found.points >= 0) & (found.points <= list(policy().weights.values()))).all()
    assert [int(one) for one in found.score] == [score(kept) for kept in savers]


def test_the_weights_fill_the_range() -> None:
    assert policy().base + sum(policy().weights.values()) == 900


def test_reasons_name_what_was_measured_and_no_loan_nobody_has() -> None:
    kept = [digit == "1" for digit in "110111110110"]
    known = features([[weeks(kept)]], [after(kept)])
    factors = factors_of(known, rule_scores(known, policy()), 0, policy())
    assert [factor.code for factor in factors] == list(policy().weights)
    given_reasons = reasons(factors)
    assert len(given_reasons) == 4
    lost = [factor.most - factor.points for factor in given_reasons]
    assert lost == sorted(lost, reverse=True)
    assert "repayment" not in {factor.code for factor in given_reasons}
    assert next(factor for factor in factors if factor.code == "punctuality").observed == {"on_time": 9, "of": 12}


def test_a_perfect_year_gives_few_reasons() -> None:
    kept = [True] * 52
    known = features([[weeks(kept)]], [after(kept)])
    told = reasons(factors_of(known, rule_scores(known, policy()), 0, policy()))
    assert all(factor.points < factor.most for factor in told)


def test_probability_and_predicted_score_are_one_line() -> None:
    scores = np.arange(300, 901)
    chances = probabilities(scores, policy())
    assert chances[300] == 0.5
    assert (np.diff(chances) > 0).all()
    assert (predicted_scores(chances) == scores).all()
    assert list(predicted_scores(np.array([0.0, 1.0]))) == [300, 900]


@pytest.mark.parametrize(
    ("closed", "status"), [(0, "no_history"), (1, "no_history"), (2, "provisional"), (3, "provisional"), (4, "scored")]
)
def test_a_short_history_says_so(closed: int, status: str) -> None:
    assert policy().status(closed) == status


@pytest.mark.parametrize(
    ("points", "band"),
    [(300, "beginning"), (499, "beginning"), (500, "building"), (699, "steady"), (716, "good"), (834, "excellent")],
)
def test_bands(points: int, band: str) -> None:
    assert policy().band(points) == band


@pytest.mark.parametrize("name", ["", "rule-0", "../policy", "/etc/passwd"])
def test_an_unknown_policy_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no policy"):
        policy(name)


def test_every_feature_has_a_column() -> None:
    assert set(features([[weeks([True])]], [after([True])]).columns) == set(SIGNS)
