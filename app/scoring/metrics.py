"""How good predictions are: ranking, log-loss, calibration, drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

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


def psi(before: NDArray[np.float64], now: NDArray[np.float64]) -> float:
    """Population stability index of a feature or score against what it was: 0 for the same, above 0.25 for another.

    By tenths of ``before``; NaN counts as a tenth of its own.
    """
    if not len(before) or not len(now):
        raise ValueError("there is nothing to compare")
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
    shares = []
    for values in (before, now):
        place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))
        counts = np.bincount(place.astype(np.int64), minlength=len(edges) + 2)
        shares.append(np.maximum(counts / len(values), 1e-4))
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
