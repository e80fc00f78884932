"""Canaries through every door: in each field, header, path and query of each call that writes, with errors provoked.

Around it stands the watch over the whole suite (tests/leaks.py).
"""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import sentry_sdk
from flask import Flask
from prometheus_client import REGISTRY, generate_latest
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from app import observability
from app.observability import get_logger
from app.transactions import fetch, run
from tests import factories, leaks
from tests.canaries import CANARIES, JWT, PAN, PASSPHRASE, PHONE
from tests.factories import Saver
from tests.test_routes import METHODS, WRITES, api_rules, page_rules


class Reports(Transport):
    """What would have left for Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = ""
        self.count = 0

    def capture_envelope(self, envelope: Envelope) -> None:
        self.count += 1
        self.raw += envelope.serialize().decode(errors="replace")


@pytest.fixture
def reports() -> Iterator[Reports]:
    transport = Reports()
    observability.init_sentry({"SENTRY_DSN": "https://key@sentry.invalid/1", "APP_ENV": "testing"}, transport=transport)
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.init()


def headers(saver: Saver | None) -> dict[str, str]:
    """A canary in every header that is read anywhere, and in some that nobody reads."""
    bearer = saver.access_token if saver else JWT
    return {
        "Authorization": f"Bearer {bearer}", "User-Agent": f"{PHONE} {PAN}", "X-Request-Id": f"id-{PAN}",
        "Idempotency-Key": f"{PASSPHRASE}-{uuid4()}", "Referer": f"http://localhost/?token={JWT}&phone={PHONE}",
        "Cookie": f"session={JWT}; note={PASSPHRASE}", "Accept-Language": PASSPHRASE, "X-Forwarded-For": PAN,
        "Accept": PASSPHRASE,
    }  # fmt: skip


def bodies(call: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """Bodies for the call: whole ones with canaries in each field in turn, unknown members, and what is no JSON."""
    wanted = WRITES.get(call, {})
    for canary in CANARIES:
        yield {"json": dict.fromkeys(wanted, canary)}
    for name, canary in itertools.product(wanted, CANARIES[:2]):
        yield {"json": wanted | {name: canary}}
    yield {"json": wanted | dict(zip(CANARIES, CANARIES, strict=True))}
    yield {"json": {"password": PASSPHRASE, "pan": [PAN, {"phone": PHONE}]}}
    yield {"data": f'{{"password": "{PASSPHRASE}", "pan": {PAN}', "content_type": "application/json"}
    yield {"data": {"password": PASSPHRASE, "note": PAN}}
    yield {"data": PASSPHRASE.encode() + b"\xff", "content_type": f"text/{PASSPHRASE}"}


def addresses(app: Flask, rule: Any) -> Iterator[str]:
    """The rule's path with canaries for its values, where they fit, and in the query."""
    query = f"?token={JWT}&phone={PHONE}&cursor={PASSPHRASE}&limit={PAN}&from={PAN}"
    path = rule.rule
    for argument in rule.arguments:
        part = next(part for part in path.split("/") if part.endswith(f"{argument}>"))
        path = path.replace(part, str(uuid4()) if part.startswith("<uuid") else JWT)
    yield path + query
    if rule.arguments:
        yield "/".join(PHONE if part.startswith("<") else part for part in rule.rule.split("/")) + query


def nothing_told(lines: list[str], reports: Reports) -> None:
    figures = generate_latest(REGISTRY).decode()
    for canary in CANARIES:
        assert [line for line in lines if canary in line] == []
        assert canary not in figures
        assert canary not in reports.raw


def test_every_call_that_writes_keeps_what_it_is_sent_to_itself(app: Flask, reports: Reports) -> None:
    staff, statuses = factories.make_staff(app), []
    with leaks.Lines() as lines:
        for rule, method in api_rules(app):
            if method == "GET":
                continue
            # One for each: some calls end the sign-in that they come with.
            saver = factories.make_saver(app)
            person = staff if "/admin/" in rule.rule else saver
            for path in addresses(app, rule):
                for body in bodies((method, rule.rule)):
                    answer = app.test_client().open(path, method=method, headers=headers(person), **body)
                    statuses.append(answer.status_code)
        sentry_sdk.flush()
    assert len(lines) >= len(statuses) > 300
    assert sum(status == 422 for status in statuses) > 100, "most of it is looked at, not turned away"
    nothing_told(lines, reports)


def test_every_page_and_every_read_keeps_its_address_to_itself(app: Flask, saver: Saver, reports: Reports) -> None:
    with leaks.Lines() as lines:
        for rule, method in [*page_rules(app), *[one for one in api_rules(app) if one[1] == "GET"]]:
            for path in addresses(app, rule):
                form = dict.fromkeys(("name", "email", "phone", "password", "login", "text", "note", "amount"), PAN)
                more = {} if method == "GET" else {"data": form | {"password": PASSPHRASE, "phone": PHONE}}
                app.test_client().open(path, method=method, headers=headers(saver), **more)
        for method in METHODS:
            app.test_client().open(f"/{PHONE}/{JWT}?pan={PAN}", method=method, headers=headers(None))
    nothing_told(lines, reports)


FAILURES: dict[str, Callable[[], Any]] = {
    "a chain of errors": lambda: chained(),
    "the database's own words": lambda: run(lambda: fetch("SELECT %s::int", (" ".join(CANARIES),))),
    "a constraint's values": lambda: run(
        lambda: fetch(
            "INSERT INTO users (id, name, email, email_key) VALUES (gen_random_uuid(), %s, %s, %s)", CANARIES[:3]
        )
    ),
    "a library's line": lambda: logging.getLogger("some.library").error(" ".join(["%s"] * len(CANARIES)), *CANARIES),
    "a library's line, put together": lambda: logging.getLogger("some.library").error("token " + JWT + " of " + PAN),
    "our own line": lambda: get_logger().error("failed", phone=PHONE, reason=f"{PAN} {JWT}", note=PASSPHRASE),
}


def chained() -> None:
    try:
        raise ValueError(" ".join(CANARIES))
    except ValueError as error:
        raise RuntimeError(f"cannot use {CANARIES}") from error


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_what_fails_within_a_call_is_told_without_what_it_held(
    app: Flask, saver: Saver, reports: Reports, failure: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    walked = [(rule, method) for rule, method in api_rules(app) if method != "GET"][:6]

    def view(**_: Any) -> tuple[str, int]:
        failure()
        return "", 500

    view.access = "public"  # type: ignore[attr-defined]
    with leaks.Lines() as lines:
        for rule, method in walked:
            monkeypatch.setitem(app.view_functions, rule.endpoint, view)
            path = next(addresses(app, rule))
            answer = app.test_client().open(
                path, method=method, headers=headers(saver), json=dict.fromkeys("abc", PASSPHRASE)
            )
            assert answer.status_code == 500, answer.get_data(as_text=True)
            assert not any(canary in answer.get_data(as_text=True) for canary in CANARIES)
        sentry_sdk.flush()
    assert len(lines) >= 2 * len(walked)
    assert any("exception" in json.loads(line) or json.loads(line)["level"] == "error" for line in lines)
    nothing_told(lines, reports)


def test_the_watch_over_all_tests_sees_what_is_told(app: Flask) -> None:
    from app.observability import logs

    for told in (PAN, PHONE, JWT, PASSPHRASE, factories.email(), factories.phone(), factories.PASSWORD):
        logs._standard_error.msg(f'{{"event": "odd", "reason": "{told}"}}\n'.encode())
        assert len(leaks.taken()) == 1, told
    logs._standard_error.msg(f'{{"event": "fine", "jar_id": "{uuid4()}", "count": 98765432101}}\n'.encode())
    assert leaks.taken() == []
