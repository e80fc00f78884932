"""The wall of badges, and their drawings within a page."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, current_app, render_template
from markupsafe import Markup

from app import clock
from app.blueprints.languages import language
from app.blueprints.web.access import caller, page_access
from app.services.gamification.badges import CATALOGUE, badge_description, badge_title
from app.services.savings import badge_wall
from app.transactions import run

blueprint = Blueprint("web_badges", __name__)
_FRAME = re.compile(r"<svg[^>]*>|</svg>|<title>.*?</title>|<style>.*?</style>|\s(?:fill|stroke)=\"#[0-9a-f]{6}\"")


@blueprint.get("/badges")
@page_access("saver")
def wall() -> str:
    """Badges that were earned, and the way to the others."""
    person, at = caller(), clock.now()
    seen = run(lambda: badge_wall.wall(person, at=at))
    return render_template("gamification/badges.html", wall=seen, person=person, kinds=len(CATALOGUE))


def init_app(app: Flask) -> None:
    """Make the badges' drawings, and their words in the page's language, known to the templates of ``app``."""
    app.jinja_env.globals.update(
        badge_shapes=badge_shapes,
        badge_title=lambda code: badge_title(code, language()),
        badge_description=lambda code: badge_description(code, language()),
    )


def badge_shapes(code: str) -> Markup:
    """What is inside the badge's drawing, in the page's own colours."""
    return _shapes(Path(current_app.static_folder or ""), code)


@cache
def _shapes(folder: Path, code: str) -> Markup:
    # A file of our own, drawn by `flask badges draw`.
    text = (folder / "badges" / f"{CATALOGUE[code].code}.svg").read_text(encoding="utf-8")
    return Markup(_FRAME.sub("", text).strip())  # noqa: S704
