"""A person at a browser, without the browser: pages fetched and forms sent with what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories

HIDDEN = re.compile(r'<input(?=[^>]*type="hidden")(?=[^>]*name="([^"]+)")(?=[^>]*value="([^"]*)")[^>]*>')


class Visitor:
    """One browser: cookies are kept, redirects are not followed."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.email = ""

    def get(self, path: str, **more: object) -> TestResponse:
        return self.client.get(path, **more)

    def hidden(self, path: str) -> dict[str, str]:
        """What the forms of a page carry unseen."""
        return self.carried_in(self.get(path))

    def carried_in(self, page: TestResponse) -> dict[str, str]:
        """The same of a page that is there already."""
        return {name: unescape(value) for name, value in HIDDEN.findall(page.text)}

    def send(self, path: str, *, form: str | None = None, carried: dict[str, str] | None = None, **values: str):
        """Open the page ``form`` (default: the path itself), then send its form with ``values``."""
        carried = self.hidden(form or path) if carried is None else carried
        return self.client.post(path, data=carried | values)

    def log_in(self, email: str, password: str = factories.PASSWORD, *, path: str = "/login") -> TestResponse:
        self.email = email
        return self.send(path, login=email, password=password)

    def said(self) -> str:
        """The text of the messages on top of the dashboard, once."""
        return said(self.get("/dashboard"))


def said(page: TestResponse) -> str:
    """What the page says on top, as plain text."""
    block = page.text.partition('<div class="toasts"')[2].partition("<h1")[0]
    return unescape(re.sub(r"<[^>]+>", " ", "".join(re.findall(r"<p>(.*?)</p>", block))))


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app)


@pytest.fixture
def asha(app: Flask, saver: factories.Saver, clock: object) -> Visitor:
    """The signed-in saver of ``saver`` at a browser, on a Wednesday in July 2026."""
    visitor = Visitor(app)
    assert visitor.log_in(saver.email).status_code == 303
    return visitor


@pytest.fixture
def new_visitor(app: Flask) -> Callable[[], Visitor]:
    return lambda: Visitor(app)
