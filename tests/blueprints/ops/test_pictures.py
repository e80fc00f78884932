"""The tour of the console has every page of it, as they are found by walking."""

from __future__ import annotations

from flask import Flask

from tests.console_pictures import pages, tour
from tests.screenshots import CONSOLE

LARGEST = 80_000


def test_every_page_stands_in_the_tour_with_a_small_picture(app: Flask) -> None:
    wanted = {f"{name}.png" for name, _ in pages(app)}
    assert len(wanted) > 15
    again = "a page came, went or says something else of itself: run `make screenshots`"
    assert {path.name for path in CONSOLE.glob("*.png")} == wanted, again
    assert (CONSOLE / "README.md").read_text(encoding="utf-8") == tour(app), again
    assert [path.name for path in CONSOLE.glob("*.png") if path.stat().st_size > LARGEST] == []
