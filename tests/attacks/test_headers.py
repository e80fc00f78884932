"""What every answer of every route says to the browser, and what its cookies are like."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.http import parse_options_header
from werkzeug.test import TestResponse

from app.blueprints.headers import PAGE_POLICY
from tests import factories
from tests.attacks.conftest import WAYS_OUT
from tests.attacks.walking import Person, api_routes, make_person, pages, routes

SITE = "https://chhota.example"
INLINE = re.compile(
    r"<style|<script(?![^>]*\bsrc=)|<[^>]+\s(?:style|on[a-z]+)=|(?:href|src|action|formaction)=[\"']?\s*(?:javascript|data):",
    re.IGNORECASE,
)
ROLES = ("saver", "admin")
COOKIE_PARTS = {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


@pytest.fixture(scope="module")
def site(stack: Any, template: str) -> Iterator[Flask]:
    """An application as it stands behind TLS."""
    from tests.conftest import applications

    with applications(stack, template, iter([f"walked_site_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"])) as make:
        yield make(PUBLIC_URL=SITE, **WAYS_OUT)


def answers(app: Flask) -> Iterator[tuple[str, TestResponse]]:
    """Every route asked by nobody, by a saver and by staff; wrong methods, missing pages, files, bodies too large."""
    people = [make_person(app, role) for role in ROLES]
    nobody, ended = app.test_client(), []
    for route in routes(app):
        bare = route.path(app)
        yield f"{route}, nobody", nobody.open(bare, method=route.method, base_url=SITE)
        for number, person in enumerate(list(people)):
            own = {name: _own(person, name) for name in route.rule.arguments}
            path = route.path(app, {name: value for name, value in own.items() if value})
            if route.is_api:
                answer = person.saver.client.open(
                    path, method=route.method, headers=person.saver.headers, base_url=SITE
                )
            else:
                answer = person.browser.open(path, method=route.method, base_url=SITE)
            yield f"{route}, {person.saver.email}", answer
            if answer.status_code == 401 or answer.headers.get("Location", "").startswith("/login"):
                ended.append(route)
                people[number] = make_person(app, ROLES[number])
    assert len(ended) <= 12, ended  # else the walk is not one of people who are signed in
    for rule in {route.rule.rule: route for route in routes(app)}.values():
        for method in ("TRACE", "OPTIONS", "HEAD"):
            yield f"{method} {rule.rule.rule}", nobody.open(rule.path(app), method=method, base_url=SITE)
    for path in ("/nowhere", "/api/nowhere/", "/static/nothing.css", "/static/css/tokens.css", "/jars/", "/api/jars",
                 "/%00", "/api/%ff/", "//chhota.example/x", "/static/../config.py"):  # fmt: skip
        yield path, nobody.get(path, base_url=SITE)
    large = "x" * (app.config["MAX_CONTENT_LENGTH"] + 1)
    yield "a large body", nobody.post("/api/login/", data=large, content_type="application/json", base_url=SITE)
    yield "a large form", nobody.post("/login", data={"login": large}, base_url=SITE)


def _own(person: Person, name: str) -> str | None:
    try:
        return person.id_of(name)
    except (AssertionError, KeyError, TypeError):
        return None


def test_every_answer_is_guarded(site: Flask) -> None:
    walked = 0
    closed = tuple(f"{route}," for route in routes(site) if route.level not in {"public", None})
    for where, answer in answers(site):
        walked += 1
        assert answer.status_code < 500, where
        headers = answer.headers
        for name in set(headers.keys()) - {"Set-Cookie", "Vary"}:
            assert len(headers.getlist(name)) == 1, (where, name)
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, where
        assert "frame-ancestors 'none'" in policy, where
        assert not any(wide in policy for wide in ("unsafe-", "*", "http")), where
        assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains", where
        assert headers["X-Content-Type-Options"] == "nosniff", where
        assert headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, where
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", where
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", where
        assert {"camera=()", "geolocation=()", "microphone=()"} <= set(headers["Permissions-Policy"].split(", ")), where
        assert headers["X-Request-Id"], where
        assert not set(headers.keys()) & {"Server", "X-Powered-By", "Access-Control-Allow-Origin"}, where
        kept = headers["Cache-Control"]
        if where.startswith(closed) or answer.status_code >= 400:
            assert kept == "no-store", (where, kept)
        elif "public" in kept:  # for everybody the same
            assert "Set-Cookie" not in headers, where
        kind = parse_options_header(headers.get("Content-Type", ""))
        if answer.get_data():
            assert kind[0], where
            assert not kind[0].startswith("text/") or kind[1].get("charset", "utf-8").lower() == "utf-8", where
        if kind[0] == "text/html":
            assert policy == PAGE_POLICY, where
            assert not INLINE.search(answer.text), (where, INLINE.search(answer.text))
    assert walked > 300


def test_the_api_is_never_kept_and_sets_no_cookie(site: Flask) -> None:
    person = make_person(site)
    for route in api_routes(site):
        values = {name: _own(person, name) for name in route.rule.arguments}
        path = route.path(site, {name: value for name, value in values.items() if value})
        for headers in ({}, person.saver.headers):
            answer = site.test_client().open(path, method=route.method, headers=headers, base_url=SITE)
            assert answer.headers["Cache-Control"] == "no-store", route
            assert "Set-Cookie" not in answer.headers, route


def test_every_cookie_is_ours_alone(site: Flask) -> None:
    """Over TLS: bound to this host by its prefix, out of reach of scripts, not sent along by a POST from elsewhere."""
    person, seen = make_person(site), set()
    for route in pages(site):
        values = {name: _own(person, name) for name in route.rule.arguments}
        path = route.path(site, {name: value for name, value in values.items() if value})
        for client in (person.browser, site.test_client()):
            answer = client.open(path, method=route.method, base_url=SITE)
            for cookie in answer.headers.getlist("Set-Cookie"):
                name, _, rest = cookie.partition("=")
                seen.add(name)
                parts = {part.strip() for part in rest.split(";")[1:]}
                assert name.startswith("__Host-"), (route, name)
                assert parts >= COOKIE_PARTS, (route, cookie)
                assert not any(part.startswith("Domain") for part in parts), (route, cookie)
    assert "__Host-chhota" in seen


def test_a_sign_in_begins_a_new_session(walked: Flask) -> None:
    """What an attacker planted in somebody's browser beforehand, form token included, is of no use afterwards."""
    saver = factories.make_saver(walked)
    client = walked.test_client()
    page = client.get("/login").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    with client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
        before = planted["csrf_token"]
    fixed = client.get_cookie("chhota")
    assert fixed is not None
    sent = {"login": saver.email, "password": factories.PASSWORD, "csrf_token": token[1]}
    assert client.post("/login", data=sent).status_code == 303
    after = client.get_cookie("chhota")
    assert after is not None
    assert after.value != fixed.value
    client.get("/dashboard")
    with client.session_transaction() as begun:
        assert "planted" not in begun
        assert begun.get("csrf_token") != before
    thief = walked.test_client()
    thief.set_cookie("chhota", fixed.value)
    assert thief.get("/dashboard").status_code == 303  # the planted session was never signed in
    assert client.post("/amounts", data={"csrf_token": token[1]}).status_code == 400


def test_a_session_that_was_signed_out_stays_so(walked: Flask) -> None:
    """A cookie copied before the sign-out opens nothing after it."""
    person = make_person(walked)
    stolen = person.browser.get_cookie("chhota")
    assert stolen is not None
    assert person.browser.get("/dashboard").status_code == 200
    assert person.browser.post("/logout", data={"csrf_token": person.form_token}).status_code == 303
    thief = walked.test_client()
    thief.set_cookie("chhota", stolen.value)
    assert thief.get("/dashboard").headers["Location"].startswith("/login")
