"""The score and a request about it, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests import factories
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.conftest import Clock
from tests.factories import Saver

pytestmark = pytest.mark.browser


@pytest.fixture
def asha(app: Flask, clock: Clock) -> Saver:
    """A saver of ten kept weeks of twelve."""
    saver = factories.make_saver(app)
    clock.advance(days=-7 * 12)
    factories.live_weeks(saver, clock, "110111110111", name="Bicycle")
    return saver


def test_from_home_to_why_to_a_request(visit: Callable[..., Visit], asha: Saver) -> None:
    browser = visit(script=False)
    browser.log_in(asha.email)
    browser.follow("See why")
    assert browser.says("10 of your last 12 weeks were on time.")
    browser.follow("This is wrong")
    browser.fill(text="The week of 15 June is missing.")
    browser.send("Send")
    assert browser.says("We have it CH-")
    assert browser.says("It is answered by Wednesday 22 July")
    browser.follow("Help")
    assert browser.says("My score")
    assert browser.complaints == []


def test_long_words_fit_a_narrow_phone(visit: Callable[..., Visit], app: Flask, asha: Saver) -> None:
    asked = asha.post("/api/support-requests/", {"subject": "A" * 120, "text": "W" * 400}).json["id"]
    for person, paths in (
        (asha, ("/score", "/dashboard", "/support", "/support/new?about=score", f"/support/{asked}")),
        (factories.make_saver(app), ("/score", "/support")),
    ):
        browser = visit(size=(320, 640))
        browser.log_in(person.email)
        for path in paths:
            browser.go(path)
            assert browser.sideways() <= 0, path
            assert browser.barriers() == []
        assert browser.complaints == []


def test_everything_to_press_is_large_enough(visit: Callable[..., Visit], asha: Saver) -> None:
    browser = visit(size=PHONE)
    browser.log_in(asha.email)
    for path in ("/score", "/support", "/support/new?about=score"):
        browser.go(path)
        for target in browser.page.locator("main a:visible, main button:visible").all():
            box = target.bounding_box()
            assert box is not None
            assert box["height"] >= 44, (path, target.inner_text())


def test_it_is_told_to_those_who_hear_it(visit: Callable[..., Visit], asha: Saver) -> None:
    browser = visit(size=DESKTOP)
    browser.log_in(asha.email)
    browser.go("/score")
    page = browser.page
    assert page.get_by_role("img", name="Your score: 711,").count() == 1
    made_of = page.get_by_role("table", name="What the score is made of")
    rows = [cell.inner_text() for cell in made_of.get_by_role("cell").all()]
    points = [int(words.split()[0]) for words in rows]
    assert sum(points[:-1]) == points[-1] == 711
    moved = page.get_by_role("table", name="The score on each day")
    assert moved.get_by_role("row").count() > 6
