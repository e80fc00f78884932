"""Every pair of text and ground, and of a drawing and its ground, meets WCAG 2.2 AA in both themes."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "app" / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
DARK_QUERY = "@media (prefers-color-scheme: dark)"
HEX_TOKEN = re.compile(r"--([a-z-]+):\s*(#[0-9a-fA-F]{6})\s*;")

TEXT = 4.5  # WCAG 1.4.3
LARGE_OR_GRAPHIC = 3.0  # WCAG 1.4.3 (large text) and 1.4.11

TEXT_PAIRS = [
    *[
        ("ink", ground)
        for ground in (
            "paper",
            "card",
            "sunk",
            "clay-wash",
            "gold-wash",
            "leaf-wash",
            "night-wash",
            "heat-some",
            "heat-more",
            "heat-most",
        )
    ],
    *[("soft", ground) for ground in ("paper", "card", "sunk", "clay-wash", "gold-wash")],
    *[("clay", ground) for ground in ("paper", "card", "sunk", "clay-wash", "gold-wash")],
    *[("leaf", ground) for ground in ("paper", "card", "leaf-wash", "gold-wash")],
    *[("night", ground) for ground in ("paper", "card", "night-wash")],
    ("on-clay", "clay"),
    ("on-clay", "clay-deep"),
    ("paper", "ink"),
]
GRAPHIC_PAIRS = [
    *[("edge", ground) for ground in ("paper", "card", "sunk")],
    *[("gold-deep", ground) for ground in ("card", "gold-wash", "clay-pale")],
    ("clay", "clay-pale"),
    *[("clay-deep", ground) for ground in ("paper", "card")],
    *[("night", ground) for ground in ("paper", "card", "gold-wash", "night-wash")],
    *[("soft", ground) for ground in ("card", "sunk", "night-wash", "leaf-wash", "clay-wash")],
    *[("leaf", ground) for ground in ("card", "leaf-wash", "sunk")],
    ("card", "leaf"),
]


def themes() -> dict[str, dict[str, str]]:
    """The colour tokens by theme; a token that the dark theme leaves alone keeps its light value."""
    light_part, dark_part = TOKENS.split(DARK_QUERY)
    light = dict(HEX_TOKEN.findall(light_part))
    return {"light": light, "dark": light | dict(HEX_TOKEN.findall(dark_part))}


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, of ``#rrggbb`` (WCAG 2.2, definition of relative luminance)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("front", "ground", "least"),
    [(*pair, TEXT) for pair in TEXT_PAIRS] + [(*pair, LARGE_OR_GRAPHIC) for pair in GRAPHIC_PAIRS],
)
def test_pair_meets_aa(theme: str, front: str, ground: str, least: float) -> None:
    colours = themes()[theme]
    ratio = contrast(colours[front], colours[ground])
    assert ratio >= least, f"{front} on {ground} is {ratio:.2f}, needs {least} ({theme})"


def test_the_measure_agrees_with_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)
    assert contrast("#a8442a", "#a8442a") == 1.0


def test_both_themes_define_the_same_colours() -> None:
    light_part, dark_part = TOKENS.split(DARK_QUERY)
    assert dict(HEX_TOKEN.findall(light_part)).keys() == dict(HEX_TOKEN.findall(dark_part)).keys()


def test_marigold_is_never_a_text_colour() -> None:
    sheets = sorted((Path(__file__).parents[2] / "app" / "static" / "css").glob("*.css"))
    assert sheets
    for sheet in sheets:
        assert not re.search(r"(?<![-\w])color:\s*var\(--gold", sheet.read_text(encoding="utf-8")), sheet.name
