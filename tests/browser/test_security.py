"""Two steps of a sign-in, a forgotten password and a confirmed address, as a person goes through them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyotp
import pytest
from flask import Flask

from app.services.identity import email_check, keyed, password_change, sealing
from app.transactions import fetch, run
from tests import factories
from tests.browser.conftest import DESKTOP, Visit

pytestmark = pytest.mark.browser
NARROW = (320, 640)
NEW = "lamp kite harbour"


def look(browser: Visit, *, axe: bool) -> None:
    """What must hold for each page on the way."""
    assert browser.sideways() <= 0, browser.page.url
    assert not axe or browser.barriers() == []
    assert browser.complaints == []


@pytest.mark.parametrize(
    ("size", "theme", "script"), [(NARROW, "light", False), (DESKTOP, "dark", True)], ids=["no script", "desktop dark"]
)
def test_two_steps(visit: Callable[..., Visit], app: Flask, size: tuple[int, int], theme: str, script: bool) -> None:
    saver = factories.make_saver(app)
    browser = visit(size=size, theme=theme, script=script, axe=script)
    browser.log_in(saver.email)
    browser.go("/profile")
    browser.page.locator('a[href="/profile/security"]').click()
    browser.page.locator('a[href="/profile/two-factor"]').last.click()
    look(browser, axe=script)
    picture = browser.page.locator(".qr svg").bounding_box()
    assert picture is not None
    assert picture["width"] >= 150, "large enough for a camera"
    app_of_hers = pyotp.TOTP("".join(browser.page.locator(".secret span").all_inner_texts()))
    browser.fill(code="000000")
    browser.send("Switch it on")
    assert browser.says("This code is not right")
    look(browser, axe=script)
    browser.fill(code=app_of_hers.at(int(time.time()) - 30))
    browser.send("Switch it on")
    assert browser.says("Write them down now")
    look(browser, axe=script)
    codes = browser.page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10
    for path in ("/profile/two-factor", "/profile/two-factor/off", "/profile/two-factor/codes", "/profile/confirm"):
        browser.go(path)
        look(browser, axe=script)

    other = visit(size=size, theme=theme, script=script, axe=script)
    other.log_in(saver.email)
    assert other.says("And now your code")
    look(other, axe=script)
    other.fill(otp="000000")
    other.send("Sign in")
    look(other, axe=script)
    other.fill(otp=codes[0])
    other.send("Sign in")
    assert other.page.url.endswith("/dashboard")
    other.go("/profile/sign-ins")
    look(other, axe=script)
    other.send("Sign out everywhere else")
    assert other.says("2 other devices are signed out.")
    browser.go("/dashboard")
    assert browser.says("This sign-in has ended.")


def test_a_forgotten_password_and_a_letter(visit: Callable[..., Visit], app: Flask) -> None:
    saver = factories.make_saver(app)
    browser = visit(size=NARROW, axe=True)
    browser.go("/login")
    browser.follow("Forgot your password?")
    browser.send("Send me a link")
    assert browser.says("Enter your e-mail address")
    look(browser, axe=True)
    browser.fill(email=saver.email)
    browser.send("Send me a link")
    assert browser.says("If an account has this address")
    look(browser, axe=True)
    with app.app_context():
        run(lambda: password_change.send_link(sealing.seal(saver.email)))
        run(lambda: email_check.send_link(saver.id))
        links = {
            purpose: keyed.token(purpose, proof)
            for purpose, proof in run(lambda: fetch("SELECT purpose, id FROM proofs WHERE user_id = %s", (saver.id,)))
        }
    browser.go(f"/reset/{links['password']}")
    assert browser.page.url.endswith("/reset"), "the address has no token to hand on"
    look(browser, axe=True)
    browser.fill(password="short")
    browser.send("Save the new password")
    look(browser, axe=True)
    browser.fill(password=NEW)
    browser.send("Save the new password")
    assert browser.says("Your new password counts. Sign in with it.")
    browser.go(f"/reset/{links['password']}")
    assert browser.says("This link has ended")
    look(browser, axe=True)
    browser.go(f"/email/{links['email']}")
    assert browser.page.url.endswith("/email")
    look(browser, axe=True)
    browser.send("Confirm this address")
    assert browser.says("Your e-mail address is confirmed.")
    browser.fill(login=saver.email, password=NEW)
    browser.send("Sign in")
    assert browser.page.url.endswith("/dashboard")
