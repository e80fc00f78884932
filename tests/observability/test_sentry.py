from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from flask import Flask
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from app import observability
from tests.observability.conftest import CANARIES, JWT


class InMemory(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []
        self.raw = b""

    def capture_envelope(self, envelope: Envelope) -> None:
        self.raw += envelope.serialize()
        event = envelope.get_event()
        if event is not None:
            self.sent.append(event)


@pytest.fixture
def reports() -> Iterator[InMemory]:
    transport = InMemory()
    observability.init_sentry({"SENTRY_DSN": "https://key@sentry.invalid/1", "APP_ENV": "testing"}, transport=transport)
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.init()


def test_a_report_tells_where_and_nothing_that_was_said(reports: InMemory, app: Flask) -> None:
    app.test_client().post(
        f"/broken/{CANARIES[1]}/?token={JWT}",
        json={"password": CANARIES[3]},
        headers={"X-Request-Id": "client-id-1", "Authorization": f"Bearer {JWT}", "Cookie": f"s={CANARIES[3]}"},
        environ_overrides={"REMOTE_ADDR": "203.0.113.77"},
    )
    sentry_sdk.flush()
    (event,) = reports.sent
    cause, error = event["exception"]["values"]
    assert (cause["type"], error["type"]) == ("ValueError", "RuntimeError")
    assert error["stacktrace"]["frames"][-1]["function"] == "broken"
    assert event["tags"] == {"request_id": "client-id-1"}
    assert event["transaction"] == "broken"
    assert event["request"] == {"method": "POST"}
    assert event["environment"] == "testing"
    text = json.dumps(event) + reports.raw.decode()
    assert not any(canary in text for canary in (*CANARIES, "203.0.113"))


def test_a_log_line_is_not_a_report(reports: InMemory) -> None:
    logging.getLogger("some.library").error("password %s", CANARIES[3])
    sentry_sdk.flush()
    assert reports.sent == []


def test_a_message_is_scrubbed_and_extras_stay_here(reports: InMemory) -> None:
    with sentry_sdk.new_scope() as scope:
        scope.set_extra("body", CANARIES[3])
        scope.set_tag("phone", CANARIES[1])
        scope.set_user({"id": "1", "email": CANARIES[4], "ip_address": "203.0.113.77"})
        sentry_sdk.add_breadcrumb(message=CANARIES[3])
        sentry_sdk.capture_message(f"ledger broken at {CANARIES[0]}")
    sentry_sdk.flush()
    (event,) = reports.sent
    assert event["message"] == "ledger broken at [pan]"
    assert not any(canary in json.dumps(event) for canary in (*CANARIES, "203.0.113"))


def test_without_a_dsn_nothing_is_started() -> None:
    observability.init_sentry({"SENTRY_DSN": ""}, transport=InMemory())
    assert not sentry_sdk.get_client().is_active() or sentry_sdk.get_client().dsn is None
