"""The console's pages, found by walking its routes: good for staff on phone and desktop, there for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import expect

from app.blueprints.access import declared
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from tests import factories
from tests.attacks.walking import Person, make_person
from tests.browser.conftest import DESKTOP, Visit
from tests.browser.walk import Walk

# Pages that are drawn in more than one way; ids in braces are those of KINDS in tests/attacks/walking.py.
MORE = (
    "/ops/users/?q=nobody-at-all",
    "/ops/users/?status=active&sort=created_at",
    "/ops/users/?status=nonsense",
    "/ops/transactions/?user={user_id}&type=deposit",
    "/ops/transactions/?from=2026-02-02&to=2026-01-01",
    "/ops/papers/?proposed=yes",
    "/ops/runs/?status=failed",
    "/ops/notifications/?status=dead",
    "/ops/templates/?kind=instalment_due&language=hi",
    "/ops/templates/?kind=phone_code",
    "/ops/audit/?subject=1",
    "/ops/scores/?band=excellent&status=no_history",
    "/ops/score-changes/?user={user_id}",
    "/ops/loans/?due=month",
)
PARTS = 3
# Ways to another page, no pages.
NO_PAGES = {"/ops/papers/next", "/ops/papers/<uuid:paper_id>/file", "/ops/exports/<uuid:job_id>/file"}


def addresses(app: Flask, owner: Person) -> list[str]:
    """Every page of the console; what their addresses name is the owner's."""
    found = set()
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/ops/") and "GET" in (rule.methods or ()) and rule.rule not in NO_PAGES:
            with app.test_request_context():
                values = {name: owner.id_of(name) for name in rule.arguments}
                found.add(app.url_map.bind("localhost").build(rule.endpoint, values))
    owner.id_of("user_id")
    return sorted(found | {path.format(**owner.ids) for path in MORE})


def enter(browser: Visit, person: Person) -> None:
    """Have the browser be the person's own."""
    name = person.app.config["SESSION_COOKIE_NAME"]
    held = person.browser.get_cookie(name)
    assert held is not None
    browser.page.context.add_cookies([{"name": name, "value": held.value, "url": browser.address}])


@pytest.fixture(scope="module")
def owner(app: Flask) -> Person:
    """A saver of whom the pages tell."""
    person = make_person(app)
    for kind in ("change_id", "jar_id", "transaction_id", "device_id", "user_id"):
        person.id_of(kind)
    return person


# Parts, so that they can be walked side by side.
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_open_to_an_administrator_and_good(
    visit: Callable[..., Visit], app: Flask, owner: Person, part: int
) -> None:
    browser = visit(size=DESKTOP)
    enter(browser, make_person(app, "admin"))
    walk = Walk(browser)
    for _ in walk.through(addresses(app, owner)[part::PARTS]):
        pass
    assert not walk.found(), walk.found()


def test_support_sees_what_is_for_support_and_nothing_else(
    visit: Callable[..., Visit], app: Flask, owner: Person
) -> None:
    browser, kept = visit(size=DESKTOP), set()
    enter(browser, make_person(app, "support"))
    for path in addresses(app, owner):
        answer: Any = browser.page.goto(browser.address + path)
        endpoint, _ = app.url_map.bind("localhost").match(urlsplit(path).path)
        if declared(app.view_functions[endpoint]) == "admin":
            assert answer.status == 403, path
            kept.add(path)
        else:
            assert answer.status in {200, 400}, path  # 400: one of MORE
    assert "/ops/audit/" in kept
    assert browser.complaints == []


def test_to_a_saver_there_is_no_console(visit: Callable[..., Visit], app: Flask, owner: Person) -> None:
    browser = visit()
    enter(browser, owner)
    for path in addresses(app, owner):
        answer: Any = browser.page.goto(browser.address + path)
        assert answer.status == 404, path
    assert browser.says("There is nothing here")


def test_the_console_by_keyboard(visit: Callable[..., Visit], app: Flask, owner: Person) -> None:
    browser = visit(size=DESKTOP)
    page = browser.page
    enter(browser, make_person(app, "support"))
    factories.make_saver(app)
    browser.go("/ops/users/")
    links = page.locator("[data-rows] tbody tr td:first-child a")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert links.nth(1).evaluate("(one) => one === document.activeElement")
    page.keyboard.press("ArrowUp")
    assert links.nth(0).evaluate("(one) => one === document.activeElement")
    page.keyboard.press("/")
    page.keyboard.type(f"{owner.saver.email}/j")
    assert page.locator("#jump").input_value() == f"{owner.saver.email}/j"
    page.locator("#jump").fill(owner.saver.email)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert urlsplit(page.url).path == f"/ops/users/{owner.saver.id}/"
    assert not browser.says(owner.saver.email)
    page.get_by_label("Why do you need it?").select_option("legal")
    browser.send("Show name, address and number")
    assert browser.says(owner.saver.email)
    browser.go(f"/ops/users/{owner.saver.id}/")
    assert not browser.says(owner.saver.email)
    assert browser.complaints == []


def test_pages_by_two_keys_and_whoever_turns_them_off(visit: Callable[..., Visit], app: Flask) -> None:
    browser = visit(size=DESKTOP)
    page = browser.page
    enter(browser, make_person(app, "support"))
    browser.go("/ops/")
    for key, path in {"t": "/ops/transactions/", "l": "/ops/loans/", "h": "/ops/"}.items():
        page.keyboard.press("g")
        with page.expect_navigation():
            page.keyboard.press(key)
        assert urlsplit(page.url).path == path
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    assert browser.barriers() == []
    page.get_by_label("Single keys do something").uncheck()
    page.keyboard.press("Escape")
    browser.go("/ops/users/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Single keys do something").check()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.locator("#jump").evaluate("(one) => one === document.activeElement")
    assert browser.complaints == []


def test_what_was_done_is_said_in_sight(visit: Callable[..., Visit], app: Flask, owner: Person) -> None:
    browser = visit(size=DESKTOP)
    enter(browser, make_person(app, "support"))
    browser.go(f"/ops/users/{owner.saver.id}/#notes")
    browser.page.locator("#note").fill("Asked on the phone about a badge.")
    browser.send("Keep the note")
    expect(browser.page.locator(".toast")).to_be_in_viewport()
    expect(browser.page.locator("#notes-title")).to_be_in_viewport()
    assert browser.says("The note is kept.")


def test_scores_are_chosen_by_keyboard_and_followed_while_they_are_made(
    visit: Callable[..., Visit], app: Flask, owner: Person
) -> None:
    browser = visit(size=DESKTOP)
    page = browser.page
    enter(browser, make_person(app, "admin"))
    browser.go(f"/ops/scores/?user={owner.saver.id}")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator('input[name="chosen"]').is_checked()
    page.keyboard.press("x")
    assert not page.locator('input[name="chosen"]').is_checked()
    page.keyboard.press("x")
    browser.send("Recalculate the chosen")
    assert browser.says("1 score will be recalculated") or browser.says("Scores are being recalculated already")
    browser.go("/ops/scores/")
    assert page.locator("[data-live]").count() == 1
    with app.app_context():
        perform(JOBS["credit.recalculate"])
    page.locator("[data-live]").wait_for(state="detached", timeout=10_000)  # by itself, without being loaded again
    assert page.locator("#live-recalculation .chip-good").inner_text() == "done"
    assert browser.complaints == []
