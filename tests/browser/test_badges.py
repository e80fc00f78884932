"""The wall of badges and the badge after a deposit, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests import factories
from tests.browser.conftest import FLAGS, PHONE, Visit
from tests.conftest import Clock

pytestmark = pytest.mark.browser
assert FLAGS


@pytest.fixture
def holder(app: Flask, clock: Clock) -> factories.Saver:
    """A saver with some badges, and some to come."""
    saver = factories.make_saver(app)
    daily, small = saver.jar(name="Auto rickshaw repair fund"), saver.jar(name="Bangles", target_amount="20")
    saver.deposit(small, "12")
    saver.deposit(small, "8")
    for _ in range(8):
        saver.deposit(daily, "10")
        clock.advance(days=1)
    return saver


def test_the_wall_fits_is_quiet_and_axe_finds_nothing(visit: Callable[..., Visit], holder: factories.Saver) -> None:
    browser = visit(size=PHONE, theme="dark")
    browser.log_in(holder.email)
    for path in ("/badges", "/dashboard"):
        browser.go(path)
        assert browser.sideways() <= 0, path
        assert browser.barriers() == []
    browser.go("/badges")
    assert browser.says("5 earned, 18 still to come")
    broken = browser.page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
    assert broken == []
    assert browser.complaints == []


def test_a_badge_opens_after_the_deposit_that_earned_it(visit: Callable[..., Visit], saver: factories.Saver) -> None:
    jar = saver.jar()
    browser = visit(script=False)
    browser.log_in(saver.email)
    browser.go(f"/jars/{jar}/deposit")
    browser.fill(amount="50")
    browser.send("Put it in")
    assert browser.says("A new badge, First coin")
    assert browser.page.locator(".toast .rangoli path").count() > 3
    browser.go("/dashboard")
    browser.follow("See all badges")
    assert browser.says("1 earned, 20 still to come")


@pytest.mark.parametrize(("motion", "seconds"), [("no-preference", 1.9), ("reduce", 0)])
def test_petals_unfold_within_two_seconds_or_not_at_all(
    chromium: Browser, address: str, holder: factories.Saver, motion: str, seconds: float
) -> None:
    context = chromium.new_context(reduced_motion=motion)  # type: ignore[arg-type]
    try:
        browser = Visit(context.new_page(), address)
        browser.log_in(holder.email)
        browser.go("/badges")
        longest = browser.page.evaluate(
            "Math.max(0, ...document.querySelector('.rangoli-unfolding').getAnimations({subtree: true})"
            ".map(a => a.effect.getComputedTiming().endTime))"
        )
        assert longest / 1000 == pytest.approx(seconds, abs=0.02)
    finally:
        context.close()
