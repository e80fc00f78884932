"""Every page there is, found by walking the routes: nobody is shut out, nothing complains, nothing is too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.services.notifications import preferences
from app.services.ops import support_answers
from app.transactions import run
from tests import factories, hindi
from tests.browser.conftest import DESKTOP, Visit
from tests.browser.walk import NARROW, PUBLIC, Walk, addresses
from tests.conftest import Clock

pytestmark = pytest.mark.browser

# What is there before there is anything.
EMPTY = (
    "/dashboard",
    "/jars",
    "/score",
    "/loans",
    "/badges",
    "/streaks",
    "/notifications",
    "/support",
    "/profile/papers",
)


@pytest.fixture(scope="module")
def everything(app: Flask) -> tuple[factories.Saver, list[str]]:
    """A saver with a bit of everything, and the addresses of all pages that a signed-in saver sees."""
    saver = factories.make_saver(app)
    known: dict[str, Any] = {
        plan: saver.jar(name=f"A jar {plan}", plan_type=plan, installment_amount="50")
        for plan in ("daily", "weekly", "monthly", "flexible")
    }
    known["jar"] = known["daily"]
    for plan in ("daily", "weekly", "monthly", "flexible"):
        saver.deposit(known[plan], "80", note="From the market")
        saver.withdraw(known[plan], "20")
    known["full"], known["closed"] = saver.jar(name="Full", target_amount="100"), saver.jar(name="Closed")
    saver.deposit(known["full"], "100")
    saver.call("DELETE", f"/api/jars/{known['closed']}/")
    saver.call("PUT", f"/api/jars/{known['weekly']}/auto-deposit/", {"amount": "50", "day": 3})
    known["movement"] = saver.deposit(known["daily"], "10").json["transaction"]["id"]
    known["cancelled"] = factories.lend(saver, known["daily"], clock.now())
    saver.post(f"/api/loans/{known['cancelled']}/cancel/")
    known["loan_id"] = factories.lend(saver, known["daily"], clock.now())
    saver.post(f"/api/loans/{known['loan_id']}/repay/", {"amount": "500"})
    answered = saver.post("/api/support-requests/", {"subject": "Mine", "text": "Look."}).json
    known["answered"] = answered["id"]
    asked = saver.post("/api/support-requests/", {"subject": "My score", "text": "A week is missing."}).json
    saver.upload("/api/kyc-upload/", document_type="pan", document_number="ACUPA7085R")
    saver.upload("/api/profile/photo/", method="PUT")
    saver.upload(f"/api/jars/{known['jar']}/picture/", method="PUT")
    with app.app_context():
        by = factories.make_staff(app).id
        run(lambda: support_answers.answer(answered["reference"], "We looked.", by=by, at=clock.now()))
        known["token"] = preferences.unsubscribe_token(saver.id, "weekly_digest")
    ids = known | {"jar_id": known["jar"], "request_id": asked["id"]}
    return saver, addresses(app, ids)


def _jar(pages: list[str]) -> str:
    """The address of the jar that has pages of its own."""
    return next(path for path in pages if path.endswith("/statement")).removesuffix("/statement")


def test_the_walk_reaches_every_page(everything: tuple[factories.Saver, list[str]]) -> None:
    _, pages = everything
    assert {"/dashboard", "/jars", "/score", "/badges", "/leaderboard", "/notifications", "/profile"} <= set(pages)
    assert len(pages) >= 30
    assert not any("<" in path for path in pages)


def _through(browser: Visit, saver: factories.Saver, pages: list[str], *, public: tuple[str, ...]) -> Walk:
    """All pages, and those that come of a form that is sent empty and of a dialog."""
    walk = Walk(browser)
    for _ in walk.through(public):
        pass
    browser.send_nothing("/signup")
    walk.look("/signup, refused")
    browser.log_in(saver.email)
    for path in walk.through(pages):
        if browser.language == "hi":
            assert browser.page.locator("html").get_attribute("lang") == "hi", path
            assert list(hindi.english_in(browser.page.content())) == [], path
    for path in ("/jars/new", f"{_jar(pages)}/deposit"):
        browser.send_nothing(path)
        walk.look(f"{path}, refused")
    browser.go(_jar(pages))
    browser.page.locator("[data-dialog=deposit-dialog]").click()
    walk.look("a dialog")
    return walk


@pytest.mark.early
def test_every_page_is_open_to_everybody(
    visit: Callable[..., Visit], everything: tuple[factories.Saver, list[str]]
) -> None:
    saver, pages = everything
    found = _through(visit(), saver, pages, public=(*PUBLIC, "/styleguide")).found()
    assert not found, found


@pytest.mark.early
def test_every_page_is_open_to_everybody_in_hindi(visit: Callable[..., Visit], app: Flask, clock: Clock) -> None:
    reader = hindi.reader(app, clock)
    browser = visit(language="hi")
    found = _through(browser, reader.saver, addresses(app, reader.ids), public=PUBLIC).found()
    assert not found, found


def test_what_a_newcomer_sees(visit: Callable[..., Visit], app: Flask) -> None:
    browser, barriers = visit(size=NARROW), []
    browser.log_in(factories.make_saver(app).email)

    def look() -> None:
        barriers.extend(browser.barriers())
        assert browser.sideways() <= 0, browser.page.url

    for path in EMPTY:
        browser.go(path)
        look()
    browser.go("/begin")
    browser.send_nothing("/begin/goal")
    look()
    browser.fill(name="Bicycle", target_amount="5000")
    browser.send("Next")
    look()
    browser.send("Make this jar")
    look()
    assert barriers == []
    assert browser.complaints == []


def test_a_keyboard_reaches_all_that_can_be_used_and_sees_where_it_is(
    visit: Callable[..., Visit], everything: tuple[factories.Saver, list[str]]
) -> None:
    saver, pages = everything
    browser = visit(size=DESKTOP)
    browser.log_in(saver.email)
    for path in ("/dashboard", f"{_jar(pages)}/deposit", "/profile"):
        browser.go(path)
        usable = browser.page.evaluate(USABLE)
        reached = []
        for _ in range(usable + 1):
            browser.page.keyboard.press("Tab")
            reached.append(browser.page.evaluate(FOCUSED))
        assert len({name for name, _ in reached}) >= usable, path
        assert [name for name, seen in reached if not seen] == [], path


USABLE = """[...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary")]
  .filter((one) => one.checkVisibility() && !one.disabled)
  .filter((one) => one.type !== "radio" || one.checked).length"""
# Which element it is, and whether one sees that it has the focus.
FOCUSED = """() => {
  const one = document.activeElement, box = one.closest(".control, .choice, .jar-card") || one;
  const drawn = (style) => style.outlineStyle !== "none" && style.outlineWidth !== "0px";
  const ring = (of) => [null, "::before", "::after"].some((part) => drawn(getComputedStyle(of, part)));
  one.dataset.walked ||= String(document.querySelectorAll("[data-walked]").length);
  const glows = box.matches(".control") && getComputedStyle(box).boxShadow !== "none";
  return [one.tagName + one.dataset.walked, one === document.body || ring(one) || ring(box) || glows];
}"""
