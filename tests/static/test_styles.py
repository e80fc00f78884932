"""The style sheets are read as they were meant: a brace that is lost in a merge makes rules that match nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

SHEETS = sorted((ROOT / "app" / "static" / "css").glob("*.css"))
COMMENTS_AND_TEXTS = re.compile(r"/\*.*?\*/|\"[^\"]*\"|'[^']*'", re.DOTALL)


def within_a_rule(css: str) -> list[str]:
    """Rules that stand within the rule of a selector, where none of ours belongs; and whatever is left open."""
    found, around = [], []
    for text, mark in re.findall(r"([^{};]*)([{};])", COMMENTS_AND_TEXTS.sub("", css)):
        if mark == "{":
            if around and not around[-1].startswith("@"):
                found.append(f"{text.strip()} within {around[-1]}")
            around.append(text.strip())
        elif mark == "}":
            found += [] if around else ["one brace too many"]
            del around[-1:]
    return found + [f"{one} is left open" for one in around]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_rule_stands_within_another(sheet: Path) -> None:
    assert within_a_rule(sheet.read_text()) == []


def test_a_lost_brace_is_noticed() -> None:
    assert within_a_rule("@layer a {\n .b { color: red;\n .c { color: red; }\n}") != []
    assert within_a_rule("@layer a {\n .b { color: red; }\n") != []
    assert within_a_rule("@keyframes a { from { top: 0 } to { top: 1px } } .b { top: 0 } }") == ["one brace too many"]
