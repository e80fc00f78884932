"""What was given up is counted, said once a day, and tried again where an outage had killed it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import prometheus_client
import pytest
from flask import Flask

from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests.cli.conftest import command_of
from tests.conftest import Clock


@pytest.fixture(autouse=True)
def alone(new_app: Callable[..., Flask], clock: Clock) -> Iterator[Flask]:
    clock.set(datetime.now(UTC))
    app = new_app()
    with app.app_context():
        yield app


def dead_message(error: str) -> None:
    run(
        lambda: queue(
            "INSERT INTO outbox (topic, payload, created_at, available_at, attempts, last_error, dead_at)"
            " VALUES ('savings.moved', '{}', now(), now(), 10, %s, now())",
            (error,),
        )
    )


def dead_delivery(*, expires: timedelta | None = None) -> None:
    until = None if expires is None else datetime.now(UTC) + expires
    run(
        lambda: queue(
            "INSERT INTO deliveries (user_id, notification_id, channel, status, due_at, expires_at, attempts,"
            " last_error, created_at) VALUES (%s, %s, 'email', 'dead', now(), %s, 8, 'SMTPServerDisconnected', now())",
            (uuid4(), uuid4(), until),
        )
    )


def warnings(capfd: Any) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "dead_letters"]


def test_what_an_outage_killed_goes_again_and_the_rest_waits_for_somebody(capfd: Any) -> None:
    for error in ("OperationalError", "KeyError", "ConnectionError"):
        dead_message(error)
    assert perform(JOBS["upkeep.dead_letters"]).done == 2
    rows = run(lambda: fetch("SELECT last_error, attempts, dead_at IS NULL FROM outbox ORDER BY id"))
    assert rows == [("OperationalError", 0, True), ("KeyError", 10, False), ("ConnectionError", 0, True)]
    assert [(line["queue"], line["count"]) for line in warnings(capfd)] == [("outbox", 1)]
    assert prometheus_client.REGISTRY.get_sample_value("dead_letters", {"queue": "outbox"}) == 1


def test_without_a_broker_nothing_goes_again(alone: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(alone.config, "REDIS_URL", "redis://127.0.0.1:9/0")
    dead_message("OperationalError")
    assert perform(JOBS["upkeep.dead_letters"]).state == "nothing"


def test_it_is_said_once_a_day(clock: Clock, capfd: Any) -> None:
    dead_delivery()
    clock.set(datetime(2026, 7, 15, 1, tzinfo=UTC))
    for _ in range(5):
        perform(JOBS["upkeep.dead_letters"])
        clock.advance(hours=4)
    assert [(line["queue"], line["count"]) for line in warnings(capfd)] == [("deliveries", 1)]
    clock.advance(hours=4)
    perform(JOBS["upkeep.dead_letters"])
    assert len(warnings(capfd)) == 1


def test_dead_deliveries_are_shown_and_those_of_use_are_tried_again(alone: Flask) -> None:
    flask = command_of(alone)
    assert flask("outbox", "retry", "--deliveries").stdout == "There is none that would be of use.\n"
    dead_delivery()
    dead_delivery(expires=timedelta(hours=1))
    dead_delivery(expires=timedelta(hours=-1))
    shown = flask("outbox").stdout
    assert "letters  3 dead" in shown
    assert "3 × email: SMTPServerDisconnected" in shown
    assert flask("outbox", "retry", "--deliveries").stdout == "2 dead deliveries are back in line.\n"
    assert run(lambda: fetch("SELECT status, attempts FROM deliveries ORDER BY id")) == [
        ("waiting", 0),
        ("waiting", 0),
        ("dead", 8),
    ]
