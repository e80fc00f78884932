from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from app.scoring.intervals import auc_interval, log_loss_interval
from app.scoring.naive import chances, naive_points


def test_an_interval_holds_the_figure_and_narrows_with_more_savers() -> None:
    draw = np.random.default_rng(3)
    widths = []
    for savers in (40, 640):
        saver = np.repeat(np.arange(savers), 5)
        likely = np.round(draw.random(len(saver)), 1).clip(0.05, 0.95)  # with ties
        outcome = draw.random(len(saver)) < likely
        auc, lost = auc_interval(outcome, likely, saver, seed=1), log_loss_interval(outcome, likely, saver, seed=1)
        assert auc is not None
        assert auc.low < roc_auc_score(outcome, likely) < auc.high
        assert lost.low < log_loss(outcome, likely) < lost.high
        assert auc_interval(outcome, likely, saver, seed=1) == auc
        widths.append(auc.high - auc.low)
    assert widths[1] < widths[0] / 2


def test_without_drawing_differently_nothing_varies() -> None:
    """One saver is drawn in every draw: the interval is the figure itself."""
    outcome, likely = np.array([True, False, True, False]), np.array([0.9, 0.2, 0.4, 0.4])
    found = auc_interval(outcome, likely, np.zeros(4, dtype=np.int64), seed=1)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((roc_auc_score(outcome, likely),) * 2)
    assert auc_interval(outcome | True, likely, np.zeros(4, dtype=np.int64), seed=1) is None


def test_naive_points_count_what_was_put_in_and_the_streak() -> None:
    assert list(naive_points(np.array([0, 3, 3]), np.array([0.0, 0.0, 2.0]))) == [0, 30, 70]


def test_points_get_the_chances_that_they_had() -> None:
    points = np.repeat([0.0, 100.0], 500)
    on_time = np.concatenate([np.arange(500) < 100, np.arange(500) < 400])
    assert chances(points, on_time, np.array([0.0, 100.0])) == pytest.approx([0.2, 0.8], abs=1e-3)
    assert list(chances(points, on_time | True, np.array([5.0]))) == [1.0]
