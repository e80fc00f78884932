"""Who is promoted, who is not, and what is said where there is too little to learn from."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from app.periods import Plan
from app.scoring.features import Instalments
from app.scoring.metrics import calibration, ece, measure, psi
from app.scoring.model_file import dumps
from app.scoring.models import Model
from app.scoring.obligations import obligations
from app.scoring.policy import policy
from app.scoring.questions import Labelled, labelled
from app.scoring.training import TooLittle, contest, missing
from app.services.gamification.streaks import JarTerms, Movement
from tests.scoring.columns import columns, ints, number

MONDAY = date(2026, 1, 5)


def history(savers: int, weeks: int, seed: int = 1) -> Labelled:
    """Savers who keep their weeks each at a rate of their own, which no short record shows."""
    draw = np.random.default_rng(seed)
    people = []
    for _ in range(savers):
        rate = draw.beta(1.2, 1.2)
        kept = draw.random(weeks) < rate
        terms = JarTerms(Plan.WEEKLY, 50, MONDAY)
        moves = [Movement(MONDAY + timedelta(7 * week + 2), 50) for week in range(weeks) if kept[week]]
        people.append([(terms, moves)])
    jars, pauses, movements = columns(people)
    end = ints([number(MONDAY + timedelta(7 * weeks + 2))] * savers)
    whole = obligations(jars, pauses, movements, end)
    return labelled(whole, jars, movements, Instalments.none(savers), at_least=2)


def test_too_little_is_named() -> None:
    rows = history(10, 8)
    lacking = missing(rows)
    assert {what for what, _, _ in lacking} >= {"savers", "closed periods"}
    with pytest.raises(TooLittle) as refusal:
        contest(rows, policy(), seed=1)
    assert refusal.value.missing == lacking


def test_the_newest_rows_must_hold_both_kinds() -> None:
    """As where an imported history ended long ago, and everybody has missed every period since."""
    rows = history(80, 20)
    split = contest(rows, policy(), seed=3).split
    ended = replace(rows, on_time=rows.on_time & (rows.as_of < split))
    with pytest.raises(TooLittle) as refusal:
        contest(ended, policy(), seed=3)
    assert refusal.value.missing == [("periods on time among the newest", 0, 10)]
    with pytest.raises(TooLittle) as refusal:
        contest(replace(rows, on_time=rows.on_time | (rows.as_of < split)), policy(), seed=3)
    assert refusal.value.missing == [("periods missed before the newest", 0, 1)]


def test_a_model_is_promoted_where_it_beats_the_rule_and_the_seed_makes_the_same_file() -> None:
    rows, steps = history(80, 20), []
    found = contest(rows, policy(), seed=3, progress=lambda done, total: steps.append((done, total)))
    assert set(found.metrics) == {"rule", "logistic"}  # too few savers for more
    assert found.promoted == (found.metrics["logistic"].log_loss < found.metrics["rule"].log_loss)
    assert found.promoted
    assert steps[-1][0] == steps[-1][1]
    assert dumps(found.model.estimator) == dumps(contest(rows, policy(), seed=3).model.estimator)


def test_what_serves_well_is_not_replaced() -> None:
    rows = history(220, 16)
    first = contest(rows, policy(), seed=3)
    assert "boosting" in first.metrics

    class Oracle:
        def predict_proba(self, asked: np.ndarray) -> np.ndarray:
            known = np.where(rows.on_time[rows.as_of >= first.split], 0.99, 0.01)
            return np.column_stack([1 - known, known])

    again = contest(rows, policy(), seed=3, in_service=Model("oracle", Oracle()))
    assert again.metrics["in service"].log_loss < min(again.metrics["logistic"].log_loss, 0.1)
    assert not again.promoted


def test_nothing_of_the_newest_rows_is_in_the_fit() -> None:
    rows = history(80, 20)
    first = contest(rows, policy(), seed=3)
    newest = rows.as_of >= first.split
    turned = Labelled(rows.saver, rows.as_of, np.where(newest, ~rows.on_time, rows.on_time), rows.features, rows.closed)
    again = contest(turned, policy(), seed=3)
    assert again.split == first.split
    # Turned outcomes of the newest rows change how the candidate is judged, and not what it said of them.
    if first.model.slope == again.model.slope:
        assert np.allclose(first.chances, again.chances)


def test_metrics_of_what_is_known() -> None:
    outcome = np.array([True, False, True, True])
    good = measure(outcome, np.array([0.9, 0.1, 0.8, 0.7]))
    assert (good.auc, good.rows, good.rate) == (1.0, 4, 0.75)
    assert measure(outcome[outcome], np.array([0.9, 0.9, 0.9])).auc is None
    assert ece(calibration(np.array([True] * 7 + [False] * 3), np.full(10, 0.75))) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="nothing"):
        measure(np.array([], dtype=bool), np.array([]))


def test_drift_is_nought_for_the_same_and_large_for_another() -> None:
    before = np.random.default_rng(1).normal(size=4000)
    assert psi(before, before) == pytest.approx(0.0)
    assert psi(before, before + 2) > 0.25
    assert psi(np.full(10, np.nan), np.full(10, np.nan)) == pytest.approx(0.0)


def test_what_became_known_only_beside_the_newest_rows_is_not_in_the_fit_either() -> None:
    rows = history(80, 20)
    split = contest(rows, policy(), seed=3).split
    late = (rows.as_of < split) & (rows.closed >= split - 7)
    assert late.any()
    # Their periods end a fortnight later than they did: while the newest rows are under way.
    slow = replace(rows, closed=np.where(late, rows.closed + 14, rows.closed))
    turned = replace(slow, on_time=np.where(late, ~rows.on_time, rows.on_time))
    assert np.allclose(contest(slow, policy(), seed=3).chances, contest(turned, policy(), seed=3).chances)


def test_a_model_in_service_is_judged_by_what_it_has_not_learned() -> None:
    rows = history(220, 20)
    first = contest(rows, policy(), seed=3)
    newest = rows.as_of[rows.as_of >= first.split]

    class Memory:
        """Knows the answers by heart up to a day, and nothing after it."""

        def __init__(self, until: int) -> None:
            self.until = until

        def predict_proba(self, asked: np.ndarray) -> np.ndarray:
            learned = newest <= self.until
            known = np.where(rows.on_time[rows.as_of >= first.split], 0.99, 0.01)
            chance = np.where(learned, known, 0.5)
            return np.column_stack([1 - chance, chance])

    until = int(np.unique(newest)[-2])
    memory = Model("memory", Memory(until))
    assert not contest(rows, policy(), seed=3, in_service=memory).promoted
    fair = contest(rows, policy(), seed=3, in_service=memory, learned_until=until)
    assert fair.unseen["in service"].rows == int((newest > until).sum()) >= 200
    assert fair.promoted
    # Of what came after all rows there is nothing yet: it keeps what it has by heart.
    assert not contest(rows, policy(), seed=3, in_service=memory, learned_until=int(newest[-1]) + 9).promoted
