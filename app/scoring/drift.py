"""Whether what a model sees is still what it was fitted on, among savers with equally long histories.

Over all savers at once a stability index mostly tells that they have grown older: streaks and totals do nothing else.
They do so too where lengths are lumped together, so strata are narrow, and what chance makes of few rows is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from app.scoring.features import Column, Features
from app.scoring.metrics import Spread, psi_of, spread

#: Strata for each doubling of the length: apart up to nine closed periods, then an eighth longer each.
STRATA: Final = 6
#: Fewer rows than these say nothing about a distribution.
LEAST_ROWS: Final = 30
SCORE: Final = "score"

#: For each stratum that has rows, how each feature and the prediction were spread: JSON can hold it.
Baseline = dict[str, dict[str, dict[str, list[float] | list[int]]]]


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one feature, or the prediction (``SCORE``), has moved: its stability index, and what chance alone gives.

    Both are means over the strata, by the rows that each has now.
    """

    name: str
    psi: float
    by_chance: float

    @property
    def excess(self) -> float:
        """How far beyond chance."""
        return self.psi - self.by_chance


def baseline(features: Features, chances: Column) -> Baseline:
    """How everything was spread, for ``drift`` to compare with later."""
    found: Baseline = {}
    for number, rows in _strata(features):
        found[str(number)] = {
            name: {"edges": spreads.edges, "counts": spreads.counts}
            for name, column in _columns(features, chances).items()
            for spreads in (spread(column[rows]),)
        }
    return found


def drift(before: Mapping[str, Any], features: Features, chances: Column) -> tuple[int, list[Moved]]:
    """How many rows could be compared, and how far each feature has moved, the farthest first; none without a row."""
    compared, sums = 0, dict[str, Column]()
    for number, rows in _strata(features):
        was, count = before.get(str(number)), int(rows.sum())
        if was is None or count < LEAST_ROWS:
            continue
        columns = {name: column for name, column in _columns(features, chances).items() if name in was}
        spreads = {name: Spread(was[name]["edges"], was[name]["counts"]) for name in columns}
        if not spreads or sum(spreads[SCORE].counts) < LEAST_ROWS:
            continue
        compared += count
        for name, column in columns.items():
            index, chance = psi_of(spreads[name], column[rows])
            sums[name] = sums.get(name, np.zeros(2)) + count * np.array([index, chance])
    moved = [Moved(name, float(total[0] / compared), float(total[1] / compared)) for name, total in sums.items()]
    return compared, sorted(moved, key=lambda one: -one.excess)


def _columns(features: Features, chances: Column) -> dict[str, Column]:
    return {**features.columns, SCORE: chances}


def _strata(features: Features) -> Sequence[tuple[int, Any]]:
    stratum = np.rint(STRATA * np.log2(np.maximum(features.closed, 1))).astype(np.int64)
    return [(number, stratum == number) for number in np.unique(stratum).tolist()]
