"""How good predictions are: ranking, log-loss, calibration, drift."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BINS: Final = 10
_TINY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Metrics:
    """Of one set of predictions. ``auc`` is None where all outcomes are alike; ``ece`` over ten equal bins."""

    rows: int
    rate: float
    auc: float | None
    log_loss: float
    ece: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions of one tenth of the range: how many, their mean, and how often it came true."""

    count: int
    predicted: float
    observed: float


def measure(outcome: NDArray[np.bool_], probability: NDArray[np.float64]) -> Metrics:
    """The metrics of ``probability`` against what came of it. Raises ValueError without rows."""
    # At its first use: see app/scoring/models.py.
    from sklearn.metrics import log_loss, roc_auc_score

    if not len(outcome):
        raise ValueError("there is nothing to measure")
    mixed = bool(outcome.any()) and not bool(outcome.all())
    return Metrics(
        rows=len(outcome),
        rate=float(outcome.mean()),
        auc=float(roc_auc_score(outcome, probability)) if mixed else None,
        log_loss=float(log_loss(outcome, np.clip(probability, _TINY, 1 - _TINY), labels=[False, True])),
        ece=ece(calibration(outcome, probability)),
    )


def calibration(outcome: NDArray[np.bool_], probability: NDArray[np.float64]) -> list[Bin]:
    """The ten bins of the range, the empty ones left out."""
    place = np.clip((probability * BINS).astype(np.int64), 0, BINS - 1)
    found = []
    for number in range(BINS):
        inside = place == number
        if inside.any():
            count, predicted = int(inside.sum()), float(probability[inside].mean())
            found.append(Bin(count, predicted, float(outcome[inside].mean())))
    return found


def ece(bins: list[Bin]) -> float:
    """Expected calibration error: how far prediction and outcome lie apart, on average over the rows."""
    rows = sum(one.count for one in bins)
    return sum(one.count * abs(one.predicted - one.observed) for one in bins) / rows


@dataclass(frozen=True, slots=True)
class Spread:
    """How values were spread: how many lay below the first of ``edges``, between each two, above the last.

    The last of ``counts`` is of those that were NaN.
    """

    edges: list[float]
    counts: list[int]


def spread(values: NDArray[np.float64]) -> Spread:
    """The spread of ``values`` by their own tenths, as far as those differ. Raises ValueError without any."""
    if not len(values):
        raise ValueError("there is nothing to compare")
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
    return Spread(edges.tolist(), _counts(edges, values).tolist())


def psi_of(before: Spread, now: NDArray[np.float64]) -> tuple[float, float]:
    """The population stability index of ``now`` against what was, and what chance alone makes of it on average.

    Raises ValueError without values.
    """
    if not len(now) or not sum(before.counts):
        raise ValueError("there is nothing to compare")
    counts = (np.array(before.counts), _counts(np.array(before.edges), now))
    shares = [np.maximum(count / count.sum(), 1e-4) for count in counts]
    index = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    free = int(((counts[0] + counts[1]) > 0).sum()) - 1
    return index, free * (1 / sum(before.counts) + 1 / len(now))


def psi(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Population stability index of a feature or score against what it was: 0 for the same, above 0.25 for another.

    By tenths of ``before``; NaN counts as a tenth of its own.
    """
    return psi_of(spread(before), now)[0]


def _counts(edges: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
    counts: NDArray[np.int64] = np.bincount(place.astype(np.int64), minlength=len(edges) + 2)
    return counts


def ece_by_chance(bins: list[Bin]) -> float:
    """The calibration error that as many rows show on average where every prediction holds."""
    rows = sum(one.count for one in bins)
    # The mean distance of a normal variable from its mean is sqrt(2 / pi) of its deviation.
    return sum(
        one.count / rows * math.sqrt(2 / math.pi * one.predicted * (1 - one.predicted) / one.count) for one in bins
    )
