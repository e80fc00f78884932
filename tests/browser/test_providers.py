"""Signing in by a provider, as a person goes through it: with a real provider beside the application."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from werkzeug.serving import make_server

from app.transactions import queue, run
from tests import factories, hindi
from tests.browser.conftest import DESKTOP, PHONE, Visit
from tests.browser.walk import Walk
from tests.conftest import app_settings, application, create_database
from tests.openid import OpenIdProvider, openid_provider

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def door() -> Iterator[OpenIdProvider]:
    with openid_provider() as provider:
        provider.shows_page = True
        yield provider


@pytest.fixture(scope="module")
def house(door: OpenIdProvider, stack: Any, template: str) -> Iterator[tuple[Flask, str]]:
    """An application that the provider signs people in to, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        name = f"chhota_door_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        create_database(stack, name, template)
        values = app_settings(stack, OPENID_PROVIDERS=door.setting, PUBLIC_URL=address)
        door.redirects.add(f"{address}/login/with/door/back")
        with application(values, name) as app:
            server = make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno())
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield app, address
            server.shutdown()
            thread.join()


@pytest.fixture
def at_home(
    visit: Callable[..., Visit], house: tuple[Flask, str], door: OpenIdProvider
) -> Callable[..., tuple[Visit, Walk]]:
    """A browser at that application; going to the provider is no complaint."""

    def start(**how: Any) -> tuple[Visit, Walk]:
        here = visit(address_of=house[1], **how)
        here.complaints = Noted(f"leaves the host: {door.issuer}/")
        return here, Walk(here)

    return start


class Noted(list[str]):
    """Complaints, but for those that hold ``but``."""

    def __init__(self, but: str) -> None:
        super().__init__()
        self._but = but

    def append(self, text: str) -> None:
        if self._but not in text:
            super().append(text)


def give_yes(browser: Visit) -> None:
    """At the provider's own page."""
    assert browser.says("Gullak ID")
    browser.follow("It is me")


@pytest.mark.parametrize("language", ["en", "hi"])
def test_a_new_account_by_a_provider_and_everything_about_it(
    at_home: Callable[..., Any], door: OpenIdProvider, house: tuple[Flask, str], language: str
) -> None:
    app, _ = house
    browser, walk = at_home(language=language)
    address = factories.email()
    door.person(address, subject=address, name="सुनीता राव")
    way = {"en": "Continue with Gullak ID", "hi": "Gullak ID से आगे बढ़ें"}[language]

    def look(path: str) -> None:
        walk.look(path)
        if language == "hi":
            english = list(hindi.english_in(browser.page.content().replace("Gullak ID", "गुल्लक")))
            assert english == [], path

    for path in ("/login", "/signup"):
        browser.go(path)
        look(path)
    browser.go("/login")
    browser.follow(way)
    give_yes(browser)
    assert urlsplit(browser.page.url).path == "/signup"
    assert browser.page.input_value("#name") == "सुनीता राव"
    look("/signup, by a provider")
    browser.fill(phone=factories.phone())
    with browser.page.expect_navigation():
        browser.page.locator("main form.card button[type=submit]").click()
    assert urlsplit(browser.page.url).path == "/begin/goal"
    for path in ("/profile/security", "/profile/ways", "/profile/password"):
        browser.go(path)
        look(path)
    # In a while the person shows there again who they are.
    with app.app_context():
        run(lambda: queue("UPDATE refresh_families SET created_at = created_at - interval '1 hour'"))
    browser.go("/profile/email")
    look("/profile/confirm")
    browser.follow(way)
    give_yes(browser)
    assert urlsplit(browser.page.url).path == "/profile/email"
    door.person("other@example.com", subject=f"other-{address}", verified=False)
    browser.go("/profile/ways/with/door")
    give_yes(browser)
    assert urlsplit(browser.page.url).path == "/profile/ways/link"
    look("/profile/ways/link")
    with browser.page.expect_navigation():
        browser.page.locator("main form.card button[type=submit]").click()
    assert browser.page.locator(".sign-ins li").count() == 2
    look("/profile/ways, two")
    with browser.page.expect_navigation():
        browser.page.locator(".sign-ins form button").first.click()
    assert browser.page.locator(".sign-ins li").count() == 1
    look("/profile/ways, one taken away")
    assert not walk.found(), walk.found()


def test_what_can_stand_in_the_way(at_home: Callable[..., Any], door: OpenIdProvider, house: tuple[Flask, str]) -> None:
    app, _ = house
    browser, walk = at_home()
    unproven = factories.make_saver(app)
    for name, email, verified in (
        ("unproven here", unproven.email, True),
        ("unproven there", unproven.email, False),
        ("staff", factories.make_staff(app).email, True),
    ):
        door.person(email, verified=verified)
        browser.go("/login")
        browser.follow("Continue with Gullak ID")
        give_yes(browser)
        assert urlsplit(browser.page.url).path == "/login/with/door/back", name
        walk.look(name)
    browser.go("/login/with/door/back?state=made-up")
    assert browser.says("That did not work")
    walk.look("made up")
    door.manner = "error"
    app.extensions["openid"]._clients["door"]._said.clear()
    browser.go("/login/with/door")
    assert browser.says("Gullak ID does not answer")
    walk.look("away")
    door.manner = ""
    app.extensions["openid"].wake()
    assert not [line for line in walk.found().splitlines() if "status of 503" not in line], walk.found()


@pytest.mark.parametrize(("size", "theme", "script"), [(PHONE, "dark", False), (DESKTOP, "light", True)])
def test_a_saver_comes_in_without_a_script_too(
    at_home: Callable[..., Any], door: OpenIdProvider, house: tuple[Flask, str], size: Any, theme: str, script: bool
) -> None:
    app, _ = house
    saver = factories.make_saver(app)
    with app.app_context():
        run(lambda: queue("UPDATE users SET email_verified_at = created_at WHERE id = %s", (saver.id,)))
    door.person(saver.email)
    browser, _ = at_home(size=size, theme=theme, script=script)
    browser.go("/jars")
    browser.follow("Continue with Gullak ID")
    give_yes(browser)
    assert urlsplit(browser.page.url).path == "/jars", "where one was heading"
    browser.go("/notifications")
    assert browser.says("Gullak ID can open your account")
    assert browser.complaints == []
