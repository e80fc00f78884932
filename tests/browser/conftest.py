"""A real browser on a real server: one Chromium and one application for all browser tests of a process."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright
from werkzeug.serving import make_server

from tests import factories

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, DESKTOP = (360, 740), (1280, 800)
# What it passes is much more than what it finds, and would all be sent over.
AXE = """async (options) => (await axe.run(options)).violations.flatMap(
    (one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 120)}`))"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser that `make test` found, or the one on this machine."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    if path is None:
        pytest.skip(os.environ.get("CHROMIUM_MISSING") or "no chromium is installed; `make test` installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(app: Flask) -> Iterator[str]:
    """Where the application answers, on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@dataclass
class Visit:
    """A page of the browser, and whatever it complained of."""

    page: Page
    address: str
    language: str = "en"
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Write down console errors, script errors, policy reports and requests that leave the host."""
        host = urlsplit(self.address).netloc
        self.page.on("console", lambda m: self._note(m.text) if m.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.on(
            "request",
            lambda r: self._note(f"leaves the host: {r.url}") if urlsplit(r.url).netloc not in {host, ""} else None,
        )

    def _failed(self, request: Request) -> None:
        # Whoever goes on before a picture has come aborts it.
        if "ABORTED" not in (request.failure or ""):
            self._note(f"failed: {request.url} {request.failure}")

    def _note(self, text: str) -> None:
        # A refused form is an answer of the server, and the browser calls that an error.
        if "the server responded with a status of 4" not in text:
            self.complaints.append(f"{self.page.url}: {text}")

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self.address + path)

    def fill(self, **values: str) -> None:
        """Type into fields by their id."""
        for name, value in values.items():
            self.page.fill(f"#{name}", value)

    def send(self, name: str) -> None:
        """Press the button of that name and wait for what comes."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).click()

    def send_nothing(self, path: str) -> None:
        """Send the form of a page empty: what it then says is a page too."""
        self.go(path)
        for one in self.page.locator("main form input:not([type=hidden]):not([type=radio])").all():
            one.fill("")
        with self.page.expect_navigation():
            self.page.locator("main form button[type=submit]").first.click()

    def follow(self, name: str) -> None:
        """Follow the link of that name."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=True).first.click()

    def says(self, text: str) -> bool:
        """Whether the page's text holds ``text``."""
        return text in " ".join(self.page.locator("body").inner_text().replace("\xa0", " ").split())

    def log_in(self, email: str) -> None:
        """Sign in."""
        self.go("/login")
        self.fill(login=email, password=factories.PASSWORD)
        with self.page.expect_navigation():
            self.page.locator("form.card button[type=submit]").click()

    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def moving(self) -> list[float]:
        """When each animation of the page ends, in milliseconds after it began; [] where all stands still."""
        ends: list[float] = self.page.evaluate(
            "document.getAnimations().map((one) => one.effect.getComputedTiming().endTime).filter((end) => end > 1)"
        )
        return ends

    def barriers(self) -> list[str]:
        """What axe finds."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        found = self.page.evaluate(AXE, {"resultTypes": ["violations"], "runOnly": RULES})
        return [f"{self.page.url}: {one}" for one in found]


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Callable[..., Visit]]:
    """Open a browser of one's own: ``size``, ``theme``, ``script`` (False: none runs), ``motion``
    ("no-preference": things move), ``language`` (en, hi) and ``address_of`` (another application than the usual)."""
    contexts: list[BrowserContext] = []

    def start(
        *,
        size: tuple[int, int] = PHONE,
        theme: Any = "light",
        script: bool = True,
        motion: Any = "reduce",
        language: str = "en",
        address_of: str | None = None,
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            java_script_enabled=script,
            reduced_motion=motion,
            locale={"en": "en-IN", "hi": "hi-IN"}[language],
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        opened = Visit(context.new_page(), address_of or address, language)
        opened.watch()
        return opened

    yield start
    for context in contexts:
        context.close()
