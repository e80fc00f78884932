"""What a score must beat: points for each deposit and a bonus for the streak, and the streak alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.features import Column
from app.scoring.histories import Index

#: Points for each deposit that was ever made, and for each period of the streak.
DEPOSIT: Final = 10
STREAK: Final = 20


def naive_points(deposits: Index, streak: Column) -> Column:
    """The naive rule's points: a history that is long and busy has many, kept or not."""
    points: Column = DEPOSIT * deposits + STREAK * streak
    return points


def chances(points: Column, on_time: NDArray[np.bool_], asked: Column) -> Column:
    """How likely ``asked`` points are on time, by a logistic through the rows that were learned from.

    Points alone say nothing about chances; this gives them their best.
    """
    from sklearn.linear_model import LogisticRegression

    if on_time.all() or not on_time.any():
        return np.full(len(asked), float(on_time.mean()))
    middle, spread = float(points.mean()), float(points.std()) or 1.0
    line = LogisticRegression(C=1e6, max_iter=1000).fit((points[:, None] - middle) / spread, on_time)
    found: Column = line.predict_proba((asked[:, None] - middle) / spread)[:, 1]
    return found
