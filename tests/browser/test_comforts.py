"""What scripts add to the pages: dialogs, amounts with a tap, word that the sign-in ends."""

from collections.abc import Callable

import pytest

from tests import factories
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_a_sign_in_that_is_about_to_end_says_so_and_lives_on(
    visit: Callable[..., Visit], saver: factories.Saver
) -> None:
    browser = visit()
    browser.log_in(saver.email)
    browser.page.clock.install()
    browser.go("/jars/new")
    browser.fill(name="Half typed")
    assert not browser.page.get_by_text("You will soon be signed out").is_visible()
    browser.page.clock.fast_forward((14 * 24 * 60 - 5) * 60 * 1000)  # five minutes are left
    browser.page.get_by_text("You will soon be signed out").wait_for(state="visible")
    browser.page.get_by_role("button", name="Stay signed in").click()
    browser.page.get_by_text("You will soon be signed out").wait_for(state="hidden")
    assert browser.page.input_value("#name") == "Half typed"
    assert browser.complaints == []


def test_money_moves_from_a_dialog_by_keyboard_alone(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    jar = saver.jar(installment_amount="50")
    browser = visit()
    browser.log_in(saver.email)
    browser.go(f"/jars/{jar}")
    opener = browser.page.get_by_role("link", name="Put money in")
    opener.focus()
    browser.page.keyboard.press("Enter")
    dialog = browser.page.get_by_role("dialog", name="Save in Bicycle")
    assert dialog.is_visible()
    assert browser.page.evaluate("document.activeElement.id") == "deposit-amount"
    browser.page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert opener.evaluate("e => e === document.activeElement"), "focus comes back"
    browser.page.keyboard.press("Enter")
    dialog.get_by_role("button", name="₹100", exact=True).click()
    assert browser.page.input_value("#deposit-amount") == "100"
    browser.send("Put it in")
    assert browser.says("₹100 is in. This jar now holds ₹100.")
    assert browser.complaints == []


def test_what_the_server_refuses_is_said_on_the_page_with_what_was_typed(
    visit: Callable[..., Visit], saver: factories.Saver
) -> None:
    jar = saver.jar()
    browser = visit()
    browser.log_in(saver.email)
    browser.go(f"/jars/{jar}")
    browser.page.get_by_role("link", name="Put money in").click()
    browser.page.fill("#deposit-amount", "twelve")
    browser.send("Put it in")
    assert browser.says("Type an amount such as 250 or 1,00,000.50.")
    assert browser.page.input_value("#amount") == "twelve"


def test_celebrations_are_short_and_stand_still_where_motion_is_not_wanted(
    visit: Callable[..., Visit], saver: factories.Saver
) -> None:
    jar = saver.jar(installment_amount="50")
    durations = {}
    for motion in ("reduce", "no-preference"):
        browser = visit(motion=motion)
        browser.log_in(saver.email)
        browser.go(f"/jars/{jar}/deposit")
        assert browser.moving() == [], "nothing moves before the server has answered"
        browser.fill(amount="50")
        browser.send("Put it in")
        durations[motion] = browser.moving()
        if motion == "reduce":
            saver.deposit(jar, "1")
    assert durations["reduce"] == []
    assert durations["no-preference"]
    assert max(durations["no-preference"]) <= 2000
