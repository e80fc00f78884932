"""Drift is told among savers with equally long histories, and not from their growing older."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from app.scoring.drift import SCORE, baseline, drift
from app.scoring.features import Features
from app.scoring.metrics import Bin, ece_by_chance, psi, psi_of, spread
from app.scoring.questions import taken
from tests.scoring.test_training import history


@pytest.fixture(scope="module")
def features() -> Features:
    return history(150, 30).features


def kept(features: Features) -> dict:
    found: dict = json.loads(json.dumps(baseline(features, features.columns["on_rate_12"])))
    return found


def test_the_same_has_not_moved(features: Features) -> None:
    compared, moved = drift(kept(features), features, features.columns["on_rate_12"])
    assert compared == len(features)
    assert {one.name for one in moved} == {*features.columns, SCORE}
    assert max(one.psi for one in moved) == pytest.approx(0.0)


def test_savers_who_grew_older_are_no_drift_and_another_population_is(features: Features) -> None:
    chances = features.columns["on_rate_12"]
    young, old = features.closed < 14, features.closed >= 14
    # As a whole it looks like another population.
    assert psi(features.columns["n_on_total"][young], features.columns["n_on_total"][old]) > 0.25
    draw = np.random.default_rng(1).random(len(features)) < 0.5
    compared, moved = drift(kept(taken(features, draw)), taken(features, ~draw), chances[~draw])
    assert compared > 1000
    assert max(one.excess for one in moved) < 0.1
    # Nobody has grown as old before: there is nothing to compare with.
    assert drift(kept(taken(features, features.closed < 9)), taken(features, old), chances[old]) == (0, [])
    worse = replace(features, columns=features.columns | {"on_ewma": features.columns["on_ewma"] * 0.3})
    _, moved = drift(kept(taken(features, draw)), taken(worse, ~draw), chances[~draw])
    assert (moved[0].name, moved[0].excess > 0.25) == ("on_ewma", True)


def test_too_few_rows_say_nothing(features: Features) -> None:
    few = np.arange(len(features)) < 25
    assert drift(kept(features), taken(features, few), features.columns["on_rate_12"][few]) == (0, [])
    assert drift({}, features, features.columns["on_rate_12"]) == (0, [])


def test_what_chance_alone_makes_is_about_what_two_samples_show() -> None:
    draw = np.random.default_rng(4)
    found = [psi_of(spread(draw.normal(size=400)), draw.normal(size=200)) for _ in range(200)]
    assert np.mean([index for index, _ in found]) == pytest.approx(found[0][1], rel=0.2)
    bins = [Bin(50, 0.25, 0.0), Bin(150, 0.8, 0.0)]
    seen = [sum(abs(draw.binomial(b.count, b.predicted) / b.count - b.predicted) * b.count / 200 for b in bins)
            for _ in range(2000)]  # fmt: skip
    assert ece_by_chance(bins) == pytest.approx(np.mean(seen), rel=0.1)
