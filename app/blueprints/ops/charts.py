"""Small drawings of the console as points: values in, values out. Templates draw them, with a sentence beside each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

#: Bars of the first page's cards: the size of the drawing, and the space between two.
WIDTH: Final = 240
HEIGHT: Final = 56
GAP: Final = 3
#: The side of a calibration plot and its edge.
SIDE: Final = 260
EDGE: Final = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place, its size, and whether it stands for a sum below zero."""

    x: float
    y: float
    width: float
    height: float
    below: bool


def bars(values: Sequence[int]) -> list[Bar]:
    """A bar for each value, from the line of zero up or down; what is there at all can be seen."""
    top, bottom = max(0, *values), min(0, *values)
    span = (top - bottom) or 1
    zero = HEIGHT * top / span
    width = (WIDTH - GAP * (len(values) - 1)) / len(values)
    found = []
    for place, value in enumerate(values):
        height = max(HEIGHT * abs(value) / span, 1.5 if value else 0.75)
        y = zero if value < 0 else zero - height
        found.append(
            Bar(
                round(place * (width + GAP), 1),
                round(min(max(y, 0), HEIGHT - height), 1),
                round(width, 1),
                round(height, 1),
                value < 0,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Dot:
    """One bin of a calibration: the middle and the radius of its dot, and its figures."""

    x: float
    y: float
    radius: float
    predicted: float
    observed: float
    count: int


def calibration(bins: Sequence[Mapping[str, Any]]) -> list[Dot]:
    """Predictions across, what came of them up; a dot's area is its share of the periods."""
    most = max((one["count"] for one in bins), default=1)
    side = SIDE - 2 * EDGE
    return [
        Dot(
            round(EDGE + side * one["predicted"], 1),
            round(SIDE - EDGE - side * one["observed"], 1),
            round(3 + 6 * (one["count"] / most) ** 0.5, 1),
            one["predicted"],
            one["observed"],
            one["count"],
        )
        for one in bins
    ]
