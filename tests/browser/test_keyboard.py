"""From sign-up to a withdrawal by keyboard alone: one sees where one is, dialogs hold the focus and give it back."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests import factories
from tests.browser.conftest import DESKTOP, Visit
from tests.browser.test_every_page import FOCUSED

pytestmark = pytest.mark.browser

# What has the focus, as somebody would call it: its label, its words, or its field.
NAME = """() => {
  const one = document.activeElement;
  if (one === document.body) return "the page";
  return (one.labels?.[0]?.innerText || one.getAttribute("aria-label") || one.innerText || one.id).trim();
}"""
PLACE = "() => { const box = document.activeElement.getBoundingClientRect(); return [box.top + scrollY, box.left]; }"


class Keys:
    """Somebody without a pointer."""

    def __init__(self, browser: Visit) -> None:
        self.browser = browser
        self.page: Page = browser.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def to(self, name: str, *, most: int = 60, back: bool = False) -> None:
        """Tab on to what is called ``name``; everything on the way is seen to have the focus."""
        for _ in range(most):
            if self.page.evaluate(NAME).startswith(name):
                return
            self.press("Shift+Tab" if back else "Tab")
            _, seen = self.page.evaluate(FOCUSED)
            assert seen, f"nobody sees that {self.page.evaluate(NAME)!r} has the focus"
        raise AssertionError(f"{name!r} is not reached on {self.page.url}; last was {self.page.evaluate(NAME)!r}")

    def type(self, name: str, text: str) -> None:
        """Tab to a field and type over what stands in it."""
        self.to(name)
        self.press("Control+a")
        self.page.keyboard.type(text)

    def go_on(self, key: str = "Enter") -> None:
        """Press what has the focus, and wait for the page that comes."""
        with self.page.expect_navigation():
            self.press(key)


def test_a_saver_without_a_pointer(visit: Callable[..., Visit]) -> None:
    browser = visit(size=DESKTOP)
    browser.go("/")
    keys, page = Keys(browser), browser.page

    # The way past the navigation comes first, and leads to the content.
    keys.press("Tab")
    assert page.evaluate(NAME) == "Skip to content"
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    keys.to("Start your first jar")
    keys.go_on()

    keys.type("Your name", "Lakshmi Rao")
    keys.type("E-mail", factories.email())
    keys.type("Mobile number", factories.phone())
    keys.to("Choose a password")
    page.keyboard.type("short")
    keys.go_on()
    # Refused: the summary has the focus and leads to the field.
    page.wait_for_function("document.activeElement.className === 'summary'")
    keys.press("Tab", "Enter")
    assert page.evaluate("document.activeElement.id") == "password"
    page.keyboard.type(factories.PASSWORD)
    keys.to("Create my account")
    keys.go_on("Space")

    assert browser.says("Step 1 of 3")
    keys.type("What", "Bicycle")
    keys.type("How much", "5000")
    keys.to("Next")
    keys.go_on()
    # A choice of plans is one stop; arrows move within it.
    keys.to("Every day")
    keys.press("ArrowDown")
    assert page.evaluate(NAME).startswith("Every week")
    keys.press("ArrowUp")
    assert page.evaluate("document.activeElement.checked")
    keys.type("How much each time", "50")
    keys.to("Make this jar")
    keys.go_on()
    keys.to("Put it in")
    keys.go_on()
    assert browser.says("₹50 is in.")

    # Home by its navigation, and from there to the jar.
    keys.to("Home")
    keys.go_on()
    keys.to("Save ₹50 in Bicycle")
    keys.to("Bicycle")
    keys.go_on()
    assert "/jars/" in page.url
    _dialog(keys, "Put money in", "Save in Bicycle", "deposit-amount")
    keys.press("Control+a")
    page.keyboard.type("30")
    keys.to("Put it in")
    keys.go_on()
    assert browser.says("₹30 is in. This jar now holds ₹80."), page.locator("main").inner_text()[:300]
    _dialog(keys, "Take out", "Take out of Bicycle", "withdraw-amount")
    keys.press("Control+a")
    page.keyboard.type("20")
    keys.go_on()  # Enter within a field sends its form
    assert browser.says("₹20 taken out. This jar now holds ₹60.")

    keys.to("Score")
    keys.go_on()
    assert browser.says("Your Chhota score")
    assert page.evaluate("document.querySelector('[aria-current=page]').innerText.trim()") == "Score"
    keys.to("This is wrong")
    keys.go_on()
    assert "about=score" in page.url

    keys.to("Me")
    keys.go_on()
    keys.to("Language")
    keys.press("ArrowDown")
    keys.to("Save changes")
    keys.go_on()
    assert page.locator("html").get_attribute("lang") == "hi"
    assert browser.complaints == []


def _dialog(keys: Keys, opener: str, title: str, field: str) -> None:
    """Open a dialog, go round in it, leave it by Escape and open it again."""
    page = keys.page
    keys.to(opener)
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name=title)
    assert dialog.is_visible()
    assert page.evaluate("document.activeElement.id") == field
    inside = "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
    for key in ["Tab"] * 12 + ["Shift+Tab"] * 12:
        keys.press(key)
        assert page.evaluate(inside), "the page behind is out of reach"
    keys.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate(NAME).startswith(opener), "the focus comes back"
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == field


def test_the_focus_goes_as_the_eye_does(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    """Down the page, and column by column: never back up within one."""
    saver.deposit(saver.jar())
    browser = visit()
    browser.log_in(saver.email)
    for path in ("/dashboard", "/profile", "/jars/new", "/leaderboard", "/notifications"):
        browser.go(path)
        tops = []
        for _ in range(40):
            browser.page.keyboard.press("Tab")
            inside = browser.page.evaluate("document.activeElement.closest('main') !== null")
            if inside:
                tops.append(browser.page.evaluate(PLACE)[0])
            elif tops:
                break
        assert len(tops) > 2, path
        assert all(after >= before - 24 for before, after in pairwise(tops)), (path, tops)
