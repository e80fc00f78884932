"""Every page there is, found by walking the routes: nobody is shut out, nothing complains, nothing is too wide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from app import clock
from app.services.notifications import preferences
from app.services.ops import support_answers
from app.transactions import run
from tests import factories
from tests.browser.conftest import DESKTOP, PHONE, Visit

pytestmark = pytest.mark.browser

# A narrow phone, and a desktop of 1280 × 800 at twice the size.
NARROW, ZOOMED = (320, 640), (640, 400)
PUBLIC = ("/", "/login", "/signup", "/terms", "/privacy", "/offline", "/styleguide", "/nowhere")
# Files and forms' own ends, no pages.
NO_PAGES = {"/manifest.webmanifest", "/service-worker.js", "/begin", "/agree", "/healthz", "/readyz", "/metrics"}
# What is there before there is anything.
EMPTY = ("/dashboard", "/jars", "/score", "/badges", "/streaks", "/notifications", "/support")
# Pages that are drawn in more than one way.
MORE = (
    "/leaderboard?board=consistency&period=month",
    "/support/new?about=score",
    "/support/new?about=transaction&id={movement}",
    "/support/{answered}",
    "/support/{answered}/again",
    "/jars/{jar}?type=deposit",
    "/jars/{jar}?type=withdraw&from=2030-01-01",
    "/jars/{weekly}",
    "/jars/{monthly}",
    "/jars/{flexible}",
    "/jars/{full}",
    "/jars/{closed}",
    "/unsubscribe/{token}",
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
    answered = saver.post("/api/support-requests/", {"subject": "Mine", "text": "Look."}).json
    known["answered"] = answered["id"]
    asked = saver.post("/api/support-requests/", {"subject": "My score", "text": "A week is missing."}).json
    with app.app_context():
        by = factories.make_staff(app).id
        run(lambda: support_answers.answer(answered["reference"], "We looked.", by=by, at=clock.now()))
        known["token"] = preferences.unsubscribe_token(saver.id, "weekly_digest")
    ids = {"jar_id": known["jar"], "request_id": asked["id"], "token": known["token"]}
    pages = []
    for rule in app.url_map.iter_rules():
        # The first minutes are over: a newcomer sees those pages.
        taken = (
            rule.rule.startswith("/begin/")
            or "GET" not in (rule.methods or ())
            or rule.rule in NO_PAGES
            or rule.rule in PUBLIC
        )
        if taken or rule.rule.startswith(("/api/", "/static/")) or rule.rule.endswith((".csv", ".pdf")):
            continue
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(next(part for part in path.split("/") if part.endswith(f"{name}>")), str(ids[name]))
        pages.append(path)
    return saver, sorted({*pages, *(path.format(**known) for path in MORE)})


def _jar(pages: list[str]) -> str:
    """The address of the jar that has pages of its own."""
    return next(path for path in pages if path.endswith("/statement")).removesuffix("/statement")


def test_the_walk_reaches_every_page(everything: tuple[factories.Saver, list[str]]) -> None:
    _, pages = everything
    assert {"/dashboard", "/jars", "/score", "/badges", "/leaderboard", "/notifications", "/profile"} <= set(pages)
    assert len(pages) >= 30
    assert not any("<" in path for path in pages)


@pytest.mark.early
@pytest.mark.parametrize(("size", "theme"), [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone-light", "desktop-dark"])
def test_axe_finds_nothing(
    visit: Callable[..., Visit], everything: tuple[factories.Saver, list[str]], size: tuple[int, int], theme: str
) -> None:
    saver, pages = everything
    browser, barriers = visit(size=size, theme=theme, axe=True), []
    for path in PUBLIC:
        browser.go(path)
        barriers += browser.barriers()
    browser.send_nothing("/signup")
    barriers += browser.barriers()
    browser.log_in(saver.email)
    for path in pages:
        browser.go(path)
        barriers += browser.barriers()
    for path in ("/jars/new", f"{_jar(pages)}/deposit"):
        browser.send_nothing(path)
        barriers += browser.barriers()
    browser.go(_jar(pages))
    browser.page.get_by_role("link", name="Put money in").click()
    barriers += browser.barriers()
    assert barriers == []


def test_what_a_newcomer_sees(visit: Callable[..., Visit], app: Flask) -> None:
    browser, barriers = visit(size=NARROW, axe=True), []
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


@pytest.mark.early
@pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (DESKTOP, "light")], ids=["phone-dark", "desktop-light"])
def test_every_page_is_quiet_fits_and_begins_with_the_way_past_the_navigation(
    visit: Callable[..., Visit], everything: tuple[factories.Saver, list[str]], size: tuple[int, int], theme: str
) -> None:
    saver, pages = everything
    browser, wide, first = visit(size=size, theme=theme), [], {}

    def look(path: str) -> None:
        browser.go(path)
        for width, height in {size, NARROW, ZOOMED}:
            browser.page.set_viewport_size({"width": width, "height": height})
            if browser.sideways() > 0:
                wide.append((path, width))
        browser.page.set_viewport_size({"width": size[0], "height": size[1]})
        if browser.page.evaluate("document.activeElement === document.body"):
            browser.page.keyboard.press("Tab")
            first[path] = browser.page.evaluate("document.activeElement.className")

    for path in PUBLIC:
        look(path)
    browser.log_in(saver.email)
    for path in pages:
        look(path)
    assert wide == []
    assert set(first.values()) == {"skip"}, urlencode(first)
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
