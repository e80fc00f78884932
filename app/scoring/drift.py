"""Whether what a model sees is still what it was fitted on, among savers with equally long histories.

Over all savers at once a stability index mostly tells that they have grown older: streaks and totals do nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from app.scoring.features import Column, Features
from app.scoring.metrics import Spread, psi_of, spread

#: Lengths of history, in closed periods, at which each stratum begins.
STRATA: Final = (0, 2, 3, 4, 6, 8, 12, 16, 24)
#: Fewer rows than these say nothing about a distribution.
LEAST_ROWS: Final = 100
SCORE: Final = "score"

#: For each stratum that has rows, how each feature and the prediction were spread: JSON can hold it.
Baseline = dict[str, dict[str, dict[str, list[float]]]]


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one feature, or the prediction (``SCORE``), has moved: its stability index, and what chance alone gives.

    Both are means over the strata, by the rows that each has now.
    """

    name: str
    psi: float
    by_chance: float


def baseline(features: Features, chances: Column) -> Baseline:
    """How everything was spread, for ``drift`` to compare with later."""
    found: Baseline = {}
    for number, rows in _strata(features):
        found[str(number)] = {
            name: {"edges": spreads.edges, "counts": [float(count) for count in spreads.counts]}
            for name, column in _columns(features, chances).items()
            for spreads in (spread(column[rows]),)
        }
    return found


def drift(before: Mapping[str, Any], features: Features, chances: Column) -> tuple[int, list[Moved]]:
    """How many rows could be compared, and how far each feature has moved, the farthest first; () without any row."""
    compared, sums = 0, dict[str, Column]()
    for number, rows in _strata(features):
        was, count = before.get(str(number)), int(rows.sum())
        if was is None or count < LEAST_ROWS:
            continue
        columns = {name: column for name, column in _columns(features, chances).items() if name in was}
        spreads = {name: Spread(was[name]["edges"], [int(n) for n in was[name]["counts"]]) for name in columns}
        if not spreads or sum(spreads[SCORE].counts) < LEAST_ROWS:
            continue
        compared += count
        for name, column in columns.items():
            index, chance = psi_of(spreads[name], column[rows])
            sums[name] = sums.get(name, np.zeros(2)) + count * np.array([index, chance])
    moved = [Moved(name, float(total[0] / compared), float(total[1] / compared)) for name, total in sums.items()]
    return compared, sorted(moved, key=lambda one: -one.psi)


def _columns(features: Features, chances: Column) -> dict[str, Column]:
    return {**features.columns, SCORE: chances}


def _strata(features: Features) -> Sequence[tuple[int, Any]]:
    stratum = np.searchsorted(np.array(STRATA), features.closed, side="right") - 1
    return [(number, stratum == number) for number in np.unique(stratum).tolist()]
