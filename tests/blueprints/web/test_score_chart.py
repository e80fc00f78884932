from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from app.blueprints.web.score_chart import BOTTOM, HEIGHT, LEAST_SPAN, LEFT, RIGHT, TOP, WIDTH, chart
from app.scoring.policy import HIGHEST, LOWEST
from app.services.credit.history import DayScore

TODAY = date(2026, 7, 15)


def days(*scores: int) -> list[DayScore]:
    """A change a week, the newest first."""
    return [DayScore(TODAY - timedelta(7 * ago), score, None) for ago, score in enumerate(scores)]


def test_one_day_is_no_line() -> None:
    assert chart([], TODAY) is None
    assert chart(days(700), TODAY) is None


@pytest.mark.parametrize(
    "scores", [(711, 700), (300, 300), (900, 900), (900, 300), (655, 350), (340, 310, 450), (893, 899, 862)]
)
def test_the_line_stays_within_its_frame(scores: tuple[int, ...]) -> None:
    drawn = chart(days(*scores), TODAY)
    assert drawn is not None
    lowest, highest = drawn.grid[0][0], drawn.grid[-1][0]
    assert LOWEST <= lowest <= min(scores)
    assert max(scores) <= highest <= HIGHEST
    heights = [float(y) for y in re.findall(r"(?:V|M[\d.]+ )([\d.]+)", drawn.path)]
    assert len(heights) == len(scores)
    assert all(TOP <= height <= HEIGHT - BOTTOM for height in heights)
    assert drawn.grid[0][1] - drawn.grid[-1][1] == HEIGHT - TOP - BOTTOM
    assert highest - lowest >= LEAST_SPAN
    assert len(drawn.grid) <= 5


def test_it_begins_at_the_first_change_and_ends_today() -> None:
    drawn = chart(days(711, 650), TODAY + timedelta(7))
    assert drawn is not None
    assert drawn.path.startswith(f"M{float(LEFT)} ")
    assert drawn.path.endswith(f"H{float(WIDTH - RIGHT)}")
    assert drawn.end[0] == WIDTH - RIGHT
    assert (drawn.first.score, drawn.last.score) == (650, 711)
