"""What reaches a saver, in a real browser: without a script, by keyboard, and for everybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.services.notifications import preferences
from app.transactions import run
from tests import factories
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser
PATH = "/profile/notifications"


def test_nobody_is_shut_out(app: Flask, visit: Callable[..., Visit]) -> None:
    saver = factories.make_saver(app)
    one = visit()
    one.log_in(saver.email)
    one.go(PATH)
    assert one.barriers() == []
    assert one.sideways() <= 0
    for box in one.page.locator(".switch").all():
        bounds = box.bounding_box()
        assert bounds is not None
        assert min(bounds["width"], bounds["height"]) >= 44
    with app.app_context():
        token = preferences.unsubscribe_token(saver.id, "weekly_digest")
    one.go(f"/unsubscribe/{token}")
    assert one.barriers() == []
    assert one.complaints == []


def test_switches_work_without_a_script_and_by_keyboard(app: Flask, visit: Callable[..., Visit]) -> None:
    saver = factories.make_saver(app)
    one = visit(script=False)
    one.log_in(saver.email)
    one.go(PATH)
    switch = one.page.get_by_role("switch", name="Your week: E-mail")
    assert switch.is_checked()
    switch.focus()
    one.page.keyboard.press("Space")
    one.fill(quiet_from="21:00")
    one.send("Save choices")
    assert one.says("Your choices are saved")
    assert not one.page.get_by_role("switch", name="Your week: E-mail").is_checked()
    with app.app_context():
        held = run(lambda: preferences.read(saver.id))
    assert (held.kinds["weekly_digest"]["email"], held.quiet_from.hour) == (False, 21)
    assert one.complaints == []
