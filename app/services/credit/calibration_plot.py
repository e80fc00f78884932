"""The calibration of a model as a picture: predictions across, what came of them up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

SIZE: Final = 360
_EDGE: Final = 48
_SIDE: Final = SIZE - 2 * _EDGE
_STYLE: Final = """
    .paper { fill: #fffdf8 } text { font: 13px system-ui, sans-serif; fill: #2b1d16 } .soft { fill: #6d574b }
    .line { stroke: #948070; fill: none } .even { stroke: #6d574b; stroke-dasharray: 5 4 }
    .found { stroke: #2c3560; stroke-width: 2; fill: none } .bin { fill: #2c3560 }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #221a15 } text { fill: #f6eadd } .soft { fill: #bfa898 } .even { stroke: #bfa898 }
      .found { stroke: #aab4ee } .bin { fill: #aab4ee }
    }
"""


def calibration_svg(name: str, bins: Sequence[Mapping[str, Any]], *, ece: float) -> str:
    """An SVG that stands alone, with a title and a sentence for who cannot see it. A bin's area is its periods'."""
    most = max((each["count"] for each in bins), default=1)
    rows = sum(each["count"] for each in bins)
    title = f"Calibration of {name}"
    sentence = (
        f"Of {rows:,} periods, predicted and actual shares on time lie {ece:.1%} apart on average. "
        + " ".join(f"Predicted {each['predicted']:.0%}, on time {each['observed']:.0%}." for each in bins)
    )  # fmt: skip
    points = [(_x(each["predicted"]), _y(each["observed"]), 3 + 7 * (each["count"] / most) ** 0.5) for each in bins]
    marks = [
        f'<circle class="bin" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{each["count"]:,} periods: predicted'
        f" {each['predicted']:.1%}, on time {each['observed']:.1%}</title></circle>"
        for (x, y, radius), each in zip(points, bins, strict=True)
    ]
    ticks = [
        f'<text x="{_x(share):.1f}" y="{SIZE - _EDGE + 18}" text-anchor="middle" class="soft">{share:.0%}</text>'
        f'<text x="{_EDGE - 8}" y="{_y(share) + 4:.1f}" text-anchor="end" class="soft">{share:.0%}</text>'
        for share in (0.0, 0.5, 1.0)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img"'
            ' aria-labelledby="title description">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(sentence)}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect class="paper" width="{SIZE}" height="{SIZE}"/>',
            f'<text x="{_EDGE}" y="28">{escape(title)}</text>',
            f'<path class="line" d="M{_x(0)} {_y(1)} V{_y(0)} H{_x(1)}"/>',
            f'<path class="even" d="M{_x(0)} {_y(0)} L{_x(1)} {_y(1)}"/>',
            *ticks,
            f'<text x="{SIZE / 2}" y="{SIZE - 10}" text-anchor="middle" class="soft">predicted</text>',
            f'<text x="14" y="{SIZE / 2}" text-anchor="middle" class="soft"'
            f' transform="rotate(-90 14 {SIZE / 2})">on time</text>',
            f'<polyline class="found" points="{path}"/>',
            *marks,
            "</svg>",
            "",
        ]
    )


def _x(share: float) -> float:
    return _EDGE + _SIDE * share


def _y(share: float) -> float:
    return SIZE - _EDGE - _SIDE * share
