"""The page that shows every component."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[3] / "app" / "templates"
MACRO = re.compile(r"{%-? macro ([a-z]\w*)\(")


def test_every_component_is_shown(visitor):
    page = (TEMPLATES / "styleguide" / "page.html").read_text(encoding="utf-8").partition("{% block content %}")[2]
    components = {
        name
        for path in (TEMPLATES / "components").glob("*.html")
        for name in MACRO.findall(path.read_text(encoding="utf-8"))
    } - {"sprite"}  # the frame of each page has it
    assert len(components) > 40
    assert {name for name in components if not re.search(rf"\b{name}\(", page)} == set()
    assert visitor.get("/styleguide").status_code == 200


def test_every_colour_is_shown(visitor):
    tokens = (TEMPLATES.parent / "static" / "css" / "styleguide.css").read_text(encoding="utf-8")
    for colour in re.findall(r'class="guide-([\w-]+)" d=', visitor.get("/styleguide").text):
        assert f".guide-{colour} {{" in tokens


def test_it_is_not_there_in_production(visitor, monkeypatch):
    monkeypatch.setitem(visitor.app.config, "APP_ENV", "production")
    assert visitor.get("/styleguide").status_code == 404
