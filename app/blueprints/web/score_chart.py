"""The line of a score over time, as points of a drawing: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.scoring.policy import HIGHEST
from app.services.credit.history import DayScore

WIDTH, HEIGHT = 320, 132
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 12, 22
#: The least that is shown from bottom to top: a few points must not look like a cliff.
LEAST_SPAN = 100
STEP = 50


@dataclass(frozen=True, slots=True)
class Chart:
    """``path``: the line, a step at each change, up to ``today``; ``area`` closes it to the ground. ``grid``: scores
    with their heights. ``first`` and ``last`` are the days at both ends, oldest first; ``end``: where the line ends."""

    path: str
    area: str
    grid: list[tuple[int, float]]
    end: tuple[float, float]
    first: DayScore
    last: DayScore
    today: date


def chart(days: Sequence[DayScore], today: date) -> Chart | None:
    """The line through ``days`` (newest first) up to ``today``; None where there is nothing to connect."""
    if len(days) < 2:
        return None
    known = list(reversed(days))
    low, high, step = _range([day.score for day in known])
    begin, span = known[0].date, max(1, (max(today, known[-1].date) - known[0].date).days)
    across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(day: date) -> float:
        return round(LEFT + across * (day - begin).days / span, 1)

    def y(score: int) -> float:
        return round(TOP + up * (high - score) / (high - low), 1)

    path = f"M{x(begin)} {y(known[0].score)}"
    for day in known[1:]:
        path += f"H{x(day.date)}V{y(day.score)}"
    end = (x(max(today, known[-1].date)), y(known[-1].score))
    path += f"H{end[0]}"
    ground = TOP + up
    grid = [(score, y(score)) for score in range(low, high + 1, step)]
    return Chart(path, f"{path}V{ground}H{LEFT}Z", grid, end, known[0], known[-1], today)


def _range(scores: list[int]) -> tuple[int, int, int]:
    """Round scores around all of them, at least ``LEAST_SPAN`` apart, within the range that there is; and a step that
    divides them into four at most."""
    low, high = min(scores) // STEP * STEP, -(-max(scores) // STEP) * STEP
    step = max(1, -(-(high - low) // (4 * STEP))) * STEP
    span = max(LEAST_SPAN, -(-(high - low) // step) * step)
    low = min(low, HIGHEST - span)
    return low, low + span, step
