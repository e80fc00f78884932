"""The drawings of the badges: one for each, as the code draws them now, and none like another."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.cli.badges import STATIC
from app.cli.rangoli.drawing import all_files, draw_all
from app.cli.rangoli.patterns import PATTERNS
from app.services.gamification.badges import CATALOGUE
from app.services.notifications.badge_titles import BADGES, badge_title

SHEET = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_every_badge_has_a_pattern_and_its_words_in_both_languages() -> None:
    assert set(PATTERNS) == set(CATALOGUE) == set(BADGES)
    assert len(CATALOGUE) >= 18
    for languages in BADGES.values():
        assert set(languages) == {"en", "hi"}
        for title, description in languages.values():
            assert title
            assert description[-1] in ".।"
            assert not re.search(r"₹|rupee|रुपय", f"{title} {description}", re.IGNORECASE)
    assert (
        len({badge_title(code, "hi") for code in BADGES}) == len({badge_title(code) for code in BADGES}) == len(BADGES)
    )


def test_the_drawings_are_current() -> None:
    """`flask badges draw` writes them anew after a change of a pattern or a colour."""
    kept = {
        str(path.relative_to(STATIC / "badges")): path.read_text(encoding="utf-8")
        for path in (STATIC / "badges").rglob("*.svg")
    }
    assert kept == all_files(SHEET)


def test_drawing_again_changes_nothing(tmp_path: Path) -> None:
    assert len(draw_all(tmp_path, SHEET)) == 2 * len(PATTERNS)
    (tmp_path / "comeback.svg").write_text("")
    assert draw_all(tmp_path, SHEET) == ["comeback.svg"]
    assert draw_all(tmp_path, SHEET) == []


@pytest.mark.parametrize("code", PATTERNS)
def test_a_drawing_is_small_named_and_within_its_frame(code: str) -> None:
    text = (STATIC / "badges" / f"{code}.svg").read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.attrib["viewBox"] == "-50 -50 100 100"
    assert root.findtext(f"{NAMESPACE}title") == badge_title(code)
    assert len(text) < 12_000
    paths = root.findall(f".//{NAMESPACE}path")
    assert 4 <= len(paths) <= 10
    for path in paths:
        corners = re.sub(r"a[^M]*?z", "", path.attrib["d"])
        numbers = [float(found) for found in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", corners)]
        assert max(abs(number) for number in numbers) <= 50.5


def test_no_drawing_is_like_another() -> None:
    shapes = [re.sub(r"<title>.*?</title>", "", text) for text in all_files(SHEET).values()]
    assert len(set(shapes)) == len(shapes)
