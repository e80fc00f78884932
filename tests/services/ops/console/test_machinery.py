"""How worker, beat, queue and outbox are, told from what each of them leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import redis
from flask import Flask

from app.extensions import celery
from app.services.ops.console.figures import MOST, Machinery
from app.services.ops.console.machinery import MANY, Broker, broker, parts
from app.services.ops.job_runs import Mark

NOW = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
WELL = Machinery([], [], 0, 0, 0, None)
ALIVE = {"outbox.relay": Mark(NOW - timedelta(seconds=50), "done", timedelta())}
GONE = {"jobs.resume": Mark(NOW - timedelta(minutes=5), "done", timedelta())}
QUIET = Broker(0, 0, True)


def states(asked: Broker, marks: dict[str, Mark], stands: Machinery = WELL) -> dict[str, tuple[str, str, str | None]]:
    return {one.part: (one.state, one.says, one.remedy) for one in parts(asked, marks, stands, now=NOW)}


def test_all_is_well() -> None:
    assert {state for state, *_ in states(QUIET, ALIVE).values()} == {"ok"}


@pytest.mark.parametrize(
    ("asked", "marks", "not_well"),
    [
        (Broker(None, None, None), ALIVE, {"Worker", "Queue"}),
        (Broker(3, 0, False), GONE, {"Worker", "Beat"}),
        (Broker(0, 0, True), GONE, {"Beat"}),
        (Broker(0, 0, True), {}, {"Beat"}),
        (Broker(MANY + 1, 4, True), ALIVE, {"Queue"}),
    ],
)
def test_who_is_away_is_named_with_what_to_do(asked: Broker, marks: dict[str, Mark], not_well: set[str]) -> None:
    found = states(asked, marks)
    assert {part for part, (state, *_) in found.items() if state == "problem"} == not_well
    assert all(remedy for state, _, remedy in found.values() if state == "problem")


def test_beat_is_told_from_a_worker_that_is_away() -> None:
    assert "celery beat" in str(states(Broker(0, 0, True), GONE)["Beat"][2])
    assert "worker" in str(states(Broker(9, 0, False), GONE)["Beat"][2])


def test_what_waits_and_what_was_given_up() -> None:
    late = states(QUIET, ALIVE, Machinery([], [], 0, 7, 1, timedelta(hours=3)))["Outbox"]
    assert late[:2] == ("problem", "7 waiting, the oldest for 3 h")
    dead = states(QUIET, ALIVE, Machinery(["credit.train"], ["ledger.seal"], MOST, 0, 2, None))
    assert dead["Outbox"][:2] == ("note", "0 waiting, 2 given up")
    assert dead["Letters, pushes, SMS"][:2] == ("note", "10,000 or more given up")
    assert dead["Jobs"][:2] == ("problem", "failed: credit.train; silent: ledger.seal")


def test_the_broker_is_asked(app: Flask) -> None:
    with app.app_context(), redis.from_url(app.config["REDIS_URL"]) as client:
        line = f"chhota:{celery.conf.task_default_queue}"
        before = broker(app.config)
        assert before.waiting is not None
        client.rpush(line, "a task")
        try:
            assert broker(app.config).waiting == before.waiting + 1
        finally:
            client.lrem(line, 1, "a task")


def test_a_broker_that_is_away_is_told_within_a_second_or_so() -> None:
    assert broker({"REDIS_URL": "redis://127.0.0.1:1/0"}) == broker({"REDIS_URL": ""}) == Broker(None, None, None)
