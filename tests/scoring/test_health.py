"""A verdict on predictions that held is ok; on those that did not it says why; on few it says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.scoring.drift import baseline
from app.scoring.health import Health, examine
from app.scoring.models import NAMES, Model
from app.scoring.policy import policy
from app.scoring.questions import Labelled
from app.scoring.training import contest
from tests.scoring.test_training import history


class Known:
    """What was learned, and rows of savers who came later."""

    def __init__(self) -> None:
        rows = history(240, 24, seed=2)
        before, self.since = rows.chosen(rows.saver < 160), rows.chosen(rows.saver >= 160)
        found = contest(before, policy(), seed=1)
        self.model = found.model
        self.card: dict[str, Any] = {
            "metrics": {self.model.kind: {"log_loss": found.metrics[self.model.kind].log_loss}},
            "baseline": baseline(before.features, self.model.answer(before.features.matrix(NAMES))),
        }

    def examined(self, rows: Labelled | None = None, model: Model | None = None) -> Health:
        return examine(rows or self.since, policy(), model or self.model, "logistic-1", self.card)


@pytest.fixture(scope="module")
def known() -> Known:
    return Known()


def codes(health: Health) -> set[str]:
    return {reason.code for reason in health.reasons}


def test_predictions_that_held_are_ok(known: Known) -> None:
    health = known.examined()
    assert (health.verdict, health.reasons) == ("ok", [])
    assert set(health.metrics) == {"rule", "logistic-1"}
    bands = health.report["bands"]
    assert [band["code"] for band in bands] == [code for code, _ in policy().bands][-len(bands) :]
    assert sum(band["rows"] for band in bands) == len(known.since)
    rates = [band["on_time"] for band in bands]
    assert rates == sorted(rates)
    assert health.report["compared"] > 1000


def test_outcomes_that_turned_are_drift(known: Known) -> None:
    turned = replace(known.since, on_time=~known.since.on_time)
    health = known.examined(turned)
    assert health.verdict == "drifting"
    assert {"worse_than_trained", "miscalibrated", "worse_than_rule"} >= codes(health) >= {"worse_than_trained"}
    assert health.report["reasons"][0]["measured"] > health.report["reasons"][0]["limit"]


def test_a_model_that_is_worse_than_the_rule_is_named(known: Known) -> None:
    class Sure:
        def predict_proba(self, rows: np.ndarray) -> np.ndarray:
            chance = np.where(rows[:, 0] > 0.5, 0.99, 0.01)
            return np.column_stack([1 - chance, chance])

    assert "worse_than_rule" in codes(known.examined(model=Model(known.model.kind, Sure())))


def test_other_inputs_are_drift(known: Known) -> None:
    columns = known.since.features.columns
    other = replace(known.since.features, columns=columns | {"dep_per_period": columns["dep_per_period"] * 3 + 1})
    health = known.examined(replace(known.since, features=other))
    (reason,) = [reason for reason in health.reasons if reason.code == "inputs_moved"]
    assert reason.names == ("dep_per_period",)


def test_too_few_say_nothing_and_the_rule_promises_nothing(known: Known) -> None:
    few = known.since.chosen(np.arange(len(known.since)) < 150)
    assert (known.examined(few).verdict, codes(known.examined(few))) == ("unknown", {"too_few_rows"})
    alone = examine(known.since, policy(), None, None, {})
    assert (alone.verdict, list(alone.metrics)) == ("ok", ["rule"])
