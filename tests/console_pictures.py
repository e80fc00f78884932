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

from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from devstack.check import installed_browser

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


def pages(app: Flask) -> list[tuple[str, str, re.Pattern[str] | None]]:
    """Name, address and, where it is a page of one thing, what its address looks like: it is found in its list."""
    found = []
    for view in app.extensions["admin"][0]._views:
        if not view.in_menu:
            continue
        name = view.endpoint.removeprefix("ops_").replace("_", "-")
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{view.endpoint}.")]
        for rule in sorted(rules, key=lambda rule: rule.rule):
            if "GET" not in (rule.methods or ()):
                continue
            method = rule.endpoint.partition(".")[2]
            if not rule.arguments:
                found.append((name if method == "index" else f"{name}-{method}".replace("_", "-"), rule.rule, None))
            else:
                shape = PLACE.sub(r"[0-9a-f-]+", rule.rule)
                found.append(
                    (f"{name}-{method}".replace("_", "-"), f"/ops/{rule.rule.split('/')[2]}/", re.compile(shape))
                )
    return found


def take(app: Flask, address: str, accounts: Accounts, folder: Path) -> Iterator[tuple[Path, bytes | None]]:
    """Each picture with where it belongs; None for a page of one thing where the demo has none of it."""
    with _at_work(app), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser(), args=["--no-sandbox"])
        page = _signed_in(browser, address, accounts)
        for name, path, shape in pages(app):
            page.goto(address + path)
            if shape is not None:
                links = [link.get_attribute("href") or "" for link in page.locator("main a[href]").all()]
                one = next((link for link in links if shape.fullmatch(link.partition("?")[0].partition("#")[0])), None)
                if one is None:
                    yield folder / f"{name}.png", None
                    continue
                page.goto(address + one)
            page.evaluate("document.fonts.ready")
            yield folder / f"{name}.png", page.screenshot()
        browser.close()


@contextmanager
def _at_work(app: Flask) -> Iterator[None]:
    """With a worker that lives, and jobs that have run."""
    with (
        app.app_context(),
        start_worker(app.extensions["celery"], pool="solo", perform_ping_check=False, loglevel="ERROR"),
    ):
        for name in RUN:
            perform(JOBS[name])
        perform(JOBS["outbox.relay"])
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
