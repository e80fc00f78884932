"""The console's pages as pictures for docs/console.md: found by walking its views, with the demo's savers in them.

Part of `make screenshots`. A page of one thing is the first that its list leads to; a view that comes later is pictured
without a line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
from celery.contrib.testing.worker import start_worker
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.routing import Rule

from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from devstack.check import installed_browser
from tests import factories
from tests.browser.test_console import NO_PAGES

if TYPE_CHECKING:
    from flask import Flask

    from app.services.ops.demo import Accounts

SIZE = {"width": 1280, "height": 800}
#: Jobs that leave something to see; a worker that was never there has left nothing.
RUN = (
    "ledger.verify",
    "loans.progress",
    "gamification.close_days",
    "credit.recalculate",
    "console.count",
    "ledger.seal",
    "savings.remind",
    "upkeep.purge",
)
PLACE = re.compile(r"<(?:[^:<>]+:)?[^<>]+>")


def pages(app: Flask) -> list[tuple[str, Rule]]:
    """Name of the picture and rule of each page, view by view as they stand in the navigation."""
    found = []
    for view in app.extensions["admin"][0]._views:
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(f"{view.endpoint}.")]
        for rule in sorted(rules, key=lambda rule: rule.rule):
            if view.in_menu and "GET" in (rule.methods or ()) and rule.rule not in NO_PAGES:
                name = rule.endpoint.removeprefix("ops_").removesuffix(".index")
                found.append((re.sub(r"[._]", "-", name), rule))
    return found


def tour(app: Flask) -> str:
    """Markdown that goes through all pages, with what the code says of each."""
    lines = [
        "# A tour of the console",
        "",
        "Every page, taken and put together by `make screenshots`: the demo's savers, seen by its administrator."
        " What the console promises, and how a page is added, is in [console.md](../console.md).",
    ]
    views = {view.endpoint: view for view in app.extensions["admin"][0]._views}
    for name, rule in pages(app):
        endpoint, _, method = rule.endpoint.partition(".")
        view = views[endpoint]
        about = view if method == "index" else getattr(type(view), method)
        heading = f"## {view.name}" if method == "index" else f"### {view.name}: {method.replace('_', ' ')}"
        said = " ".join((about.__doc__ or "").strip().partition("\n\n")[0].split())
        lines += ["", heading, "", said, "", f'<img src="{name}.png" width="80%" alt="{view.name}: {said}">']
    return "\n".join(lines).replace("``", "`") + "\n"


def take(app: Flask, address: str, accounts: Accounts, folder: Path) -> Iterator[tuple[Path, bytes | None]]:
    """Each picture with where it belongs; None for a page of one thing where the demo has none of it."""
    _send_paper(app, accounts)
    factories.model(app)  # the demo's history is too short to learn from
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
    one = re.compile(re.escape(PLACE.split(rule.rule)[0]) + r"((?:logistic-)?[0-9][0-9a-f-]*)/")
    for link in page.locator("main a[href]").all():
        if found := one.fullmatch(str(link.get_attribute("href")).partition("?")[0].partition("#")[0]):
            return PLACE.sub(found[1], rule.rule)
    return None


def _send_paper(app: Flask, accounts: Accounts) -> None:
    """A paper that waits, of a saver of the demo: the demo's own have none, for they are made where no store may be."""
    client, paper = app.test_client(), BytesIO()
    picture = Image.new("RGB", (1000, 640), "#e8eef6")
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((30, 30, 970, 610), 28, outline="#2c3560", width=6)
    draw.text((80, 80), "SAMPLE", fill="#2c3560", font_size=96)
    draw.text((80, 240), "Permanent account number card", fill="#2c3560", font_size=40)
    picture.save(paper, "JPEG")
    named = {"email": "farida@example.com", "password": accounts.saver_password}
    token = client.post("/api/login/", json=named).get_json()["access_token"]
    sent = {"document_type": "pan", "file": (BytesIO(paper.getvalue()), "pan.jpg", "image/jpeg")}
    answer = client.post("/api/kyc-upload/", data=sent, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text


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
