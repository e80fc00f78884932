"""Patterns as SVG.

All petals of a layer are one path, so that a drawing stays small, and every layer carries the class of its colour:
inlined into a page it follows the page's theme; as a file of its own it has the light theme's colours written out, and
a style for the dark one.
"""

from __future__ import annotations

import re
from math import cos, pi, radians, sin, sqrt, tau
from pathlib import Path
from typing import Final, Literal

from app.cli.rangoli.layers import Disc, Dots, Fan, Layer, Pots, Ring, Seeds, Wave
from app.cli.rangoli.patterns import PATTERNS
from app.cli.rangoli.petals import Outline
from app.services.notifications.badge_titles import badge_title

GOLDEN_ANGLE: Final = pi * (3 - sqrt(5))
# What a layer says of its own colour; the fill of a thick line is none, and stays.
_LINES: Final = re.compile(r'\s(?:class="[^"]*"|(?:fill|stroke)="#[0-9a-f]{6}"|stroke-width="[^"]*")')
_TOKEN: Final = re.compile(r"--([a-z-]+):\s*(#[0-9a-fA-F]{6})\s*;")


def palette(sheet: str, theme: Literal["light", "dark"]) -> dict[str, str]:
    """The colours of tokens.css by their names here."""
    light, _, dark = sheet.partition("prefers-color-scheme: dark")
    tokens = dict(_TOKEN.findall(light)) | (dict(_TOKEN.findall(dark)) if theme == "dark" else {})
    return {**tokens, "core": tokens["flame-core"]}


def draw(code: str, sheet: str) -> str:
    """The SVG file of a badge. ``sheet``: the text of tokens.css. KeyError for a badge without a pattern."""
    light, dark = palette(sheet, "light"), palette(sheet, "dark")
    used = sorted({layer.colour for layer in PATTERNS[code]})
    night = "".join(f".f-{name}{{fill:{dark[name]}}}.l-{name}{{stroke:{dark[name]}}}" for name in used)
    return _file(code, night, "".join(_layer(layer, light) for layer in PATTERNS[code]))


def outline(code: str, sheet: str) -> str:
    """The same as it waits to be earned: lines on the ground of a card."""
    light, dark = palette(sheet, "light"), palette(sheet, "dark")
    lines = "".join(
        _LINES.sub("", _layer(layer, light)) for layer in PATTERNS[code] if not isinstance(layer, Seeds)
    )  # as many lines as there are seeds would be a blot
    group = f'<g fill="{light["card"]}" stroke="{light["edge"]}" stroke-width="1.1">{lines}</g>'
    return _file(code, f"g{{fill:{dark['card']};stroke:{dark['edge']}}}", group)


def _file(code: str, night: str, shapes: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-50 -50 100 100">'
        f"<title>{badge_title(code)}</title><style>@media (prefers-color-scheme:dark){{{night}}}</style>"
        f"{shapes}</svg>\n"
    )


def draw_all(folder: Path, sheet: str) -> list[str]:
    """Write every drawing into ``folder``, and its outline below it; the names of those that have changed."""
    (folder / "outline").mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in all_files(sheet).items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def all_files(sheet: str) -> dict[str, str]:
    """The text of every file by its name."""
    drawn = {f"{code}.svg": draw(code, sheet) for code in PATTERNS}
    return drawn | {f"outline/{code}.svg": outline(code, sheet) for code in PATTERNS}


def _layer(layer: Layer, colours: dict[str, str]) -> str:
    if isinstance(layer, Wave) and layer.thick:
        return (
            f'<path class="l-{layer.colour}" fill="none" stroke="{colours[layer.colour]}" stroke-width="{layer.thick}"'
            f' d="{_wave(layer)}"/>'
        )
    if isinstance(layer, Ring):
        numbers = range(layer.count) if layer.only is None else layer.only
        petal = layer.shape(layer.inner, layer.outer, layer.width)
        data = "".join(_path(petal, 360 * (number + layer.turn) / layer.count) for number in numbers)
    elif isinstance(layer, Fan):
        data = "".join(
            _path(layer.shape(layer.inner, length, layer.width), angle, layer.foot) for angle, length in layer.petals
        )
    elif isinstance(layer, Dots):
        angles = [tau * (number + layer.turn) / layer.count for number in range(layer.count)]
        data = "".join(_dot(layer.radius * sin(a), layer.foot - layer.radius * cos(a), layer.size) for a in angles)
    elif isinstance(layer, Seeds):
        data = "".join(
            _dot(distance * sin(number * GOLDEN_ANGLE), -distance * cos(number * GOLDEN_ANGLE), layer.size)
            for number in range(layer.count)
            for distance in [layer.radius * sqrt((number + 0.5) / layer.count)]
        )
    elif isinstance(layer, Disc):
        data = _dot(0, 0, layer.radius) + (_dot(0, 0, layer.hole) if layer.hole else "")
    elif isinstance(layer, Wave):
        data = _wave(layer)
    else:
        data = _pots(layer)
    rule = ' fill-rule="evenodd"' if isinstance(layer, Disc) and layer.hole else ""
    return f'<path class="f-{layer.colour}" fill="{colours[layer.colour]}"{rule} d="{data}"/>'


def _path(outline: Outline, degrees: float, foot: float = 0) -> str:
    turn = radians(degrees)
    turned = [(x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn) + foot) for x, y in outline]
    start, *rest = [f"{_number(x)} {_number(y)}" for x, y in turned]
    return f"M{start}C{' '.join(rest)}z".replace(" -", "-")


def _dot(x: float, y: float, size: float) -> str:
    half = f"a{_number(size)} {_number(size)} 0 1 0"
    return f"M{_number(x - size)} {_number(y)}{half} {_number(2 * size)} 0{half}-{_number(2 * size)} 0z"


def _wave(layer: Wave) -> str:
    steps = layer.count * 12
    points = []
    for number in range(steps):
        angle = tau * number / steps
        distance = layer.radius + layer.depth * cos(layer.count * angle - tau * layer.turn)
        points.append(f"{_number(distance * sin(angle))} {_number(-distance * cos(angle))}")
    return f"M{points[0]}L{' '.join(points[1:])}z".replace(" -", "-")


_POT: Final[dict[str, list[Outline]]] = {
    # Within 64 by 72, as the pot of the jars; the middle of its foot is at 0, 0.
    "belly": [
        [
            (-10, -57), (-10, -53), (-12, -51), (-15, -49), (-24, -44), (-29, -36), (-29, -26), (-29, -10), (-17, 0),
            (0, 0), (17, 0), (29, -10), (29, -26), (29, -36), (24, -44), (15, -49), (12, -51), (10, -53), (10, -57),
            (5, -57), (-5, -57), (-10, -57),
        ]
    ],
    "rim": [
        [
            (-14, -64), (-5, -64), (5, -64), (14, -64), (19, -64), (19, -56), (14, -56), (5, -56), (-5, -56),
            (-14, -56), (-19, -56), (-19, -64), (-14, -64),
        ]
    ],
    "band": [
        [
            (-27.5, -33), (-14, -26), (14, -26), (27.5, -33), (28.5, -31), (29, -29), (29, -27), (14, -20),
            (-14, -20), (-29, -27), (-29, -29), (-28.5, -31), (-27.5, -33),
        ],
    ],
}  # fmt: skip


def _pots(layer: Pots) -> str:
    data = ""
    for number in range(layer.count):
        turn = tau * (number / layer.count + layer.turn)
        across, down = layer.radius * sin(turn), 32 * layer.scale - layer.radius * cos(turn)
        data += "".join(
            _path([(x * layer.scale + across, y * layer.scale + down) for x, y in outline], 0)
            for outline in _POT[layer.part]
        )
    return data


def _number(value: float) -> str:
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
