"""How far a figure might be off by the savers that happened to be asked: the bootstrap, whole savers at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.features import Column
from app.scoring.histories import Index

DRAWS: Final = 200
_TINY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of draws."""

    low: float
    high: float


def auc_interval(outcome: NDArray[np.bool_], ranking: Column, saver: Index, *, seed: int) -> Interval | None:
    """Of the area under the curve; None where all outcomes are alike."""
    if outcome.all() or not outcome.any():
        return None
    order = np.argsort(ranking, kind="stable")
    ranked, won = ranking[order], outcome[order]
    tied = np.concatenate(([0], np.cumsum(ranked[1:] != ranked[:-1])))
    groups = int(tied[-1]) + 1
    found = []
    for weight in _draws(saver, seed):
        weights = weight[order]
        wins = np.bincount(tied, weights=weights * won, minlength=groups)
        losses = np.bincount(tied, weights=weights * ~won, minlength=groups)
        below = np.cumsum(losses) - losses
        pairs = wins.sum() * losses.sum()
        if pairs:
            found.append(float((wins * (below + losses / 2)).sum() / pairs))
    return _middle(found)


def log_loss_interval(outcome: NDArray[np.bool_], chances: Column, saver: Index, *, seed: int) -> Interval:
    """Of the log-loss."""
    clipped = np.clip(chances, _TINY, 1 - _TINY)
    lost = -np.where(outcome, np.log(clipped), np.log1p(-clipped))
    return _middle([float((weight * lost).sum() / weight.sum()) for weight in _draws(saver, seed)])


def _draws(saver: Index, seed: int) -> list[Index]:
    """How often each row is in each draw: as many savers as there are, put back after each."""
    _, place = np.unique(saver, return_inverse=True)
    savers = int(place.max(initial=-1)) + 1
    draw = np.random.default_rng(seed)
    return [np.bincount(draw.integers(savers, size=savers), minlength=savers)[place] for _ in range(DRAWS)]


def _middle(found: list[float]) -> Interval:
    low, high = np.quantile(np.array(found), [0.025, 0.975]).tolist()
    return Interval(low, high)
