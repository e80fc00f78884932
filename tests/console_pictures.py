"""The console's pages as pictures for docs/console.md: found by walking its views, with the demo's savers in them.

Part of `make screenshots`. A page of one thing is the first that its list leads to; a view that comes later is pictured
without a line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
from celery.contrib.testing.worker import start_worker
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.routing import Rule

from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from devstack.check import installed_browser
from tests.browser.test_console import NO_PAGES

if TYPE_CHECKING:
    from flask import Flask

    from app.services.ops.demo import Accounts

SIZE = {"width": 1280, "height": 800}
#: Jobs that leave something to see; a worker that was never there has left nothing.
RUN = (
    "gamification.close_days",
    "credit.recalculate",
    "console.count",
    "ledger.seal",
    "savings.remind",
    "upkeep.purge",
)
PLACE = re.compile(r"<(?:[^:<>]+:)?[^<>]+>")


def pages(app: Flask) -> list[tuple[str, Rule]]:
    """Name and rule of each page, view by view as they stand in the navigation."""
    found = []
    for view in app.extensions["admin"][0]._views:
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{view.endpoint}.")]
        for rule in sorted(rules, key=lambda rule: rule.rule):
            if view.in_menu and "GET" in (rule.methods or ()) and rule.rule not in NO_PAGES:
                name = rule.endpoint.removeprefix("ops_").removesuffix(".index")
                found.append((re.sub(r"[._]", "-", name), rule))
    return found


def take(app: Flask, address: str, accounts: Accounts, folder: Path) -> Iterator[tuple[Path, bytes | None]]:
    """Each picture with where it belongs; None for a page of one thing where the demo has none of it."""
    with _at_work(app), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
        page = _signed_in(browser, address, accounts)
        perform(JOBS["outbox.relay"])  # the sign-in's
        for name, rule in pages(app):
            path = _place(page, address, rule)
            if path is not None:
                page.goto(address + path)
                page.evaluate("document.fonts.ready")
            yield folder / f"{name}.png", page.screenshot() if path else None
        browser.close()


def _place(page: Page, address: str, rule: Rule) -> str | None:
    """Where a page of the rule is: of one thing, of the first that its list leads to."""
    if not rule.arguments:
        return rule.rule
    page.goto(f"{address}/ops/{rule.rule.split('/')[2]}/")
    one = re.compile(re.escape(PLACE.split(rule.rule)[0]) + r"([0-9][0-9a-f-]*)/")
    for link in page.locator("main a[href]").all():
        if found := one.fullmatch(str(link.get_attribute("href")).partition("?")[0].partition("#")[0]):
            return PLACE.sub(found[1], rule.rule)
    return None


@contextmanager
def _at_work(app: Flask) -> Iterator[None]:
    """With a worker that lives, and jobs that have run."""
    with (
        app.app_context(),
        start_worker(app.extensions["celery"], pool="solo", perform_ping_check=False, loglevel="ERROR"),
    ):
        for name in RUN:
            perform(JOBS[name])
        yield


def _signed_in(browser: Browser, address: str, accounts: Accounts) -> Page:
    context: Any = browser.new_context(viewport=SIZE, reduced_motion="reduce", locale="en-IN")
    page: Page = context.new_page()
    page.goto(f"{address}/login")
    page.fill("#login", accounts.admin_email)
    page.fill("#password", accounts.admin_password)
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()
    page.fill("#otp", pyotp.TOTP(accounts.admin_totp).now())
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()
    return page
