from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import prometheus_client
import pytest
from celery import Celery, signals
from celery.app.trace import build_tracer
from flask import Flask

from app import observability
from tests.observability.conftest import CANARIES

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def celery() -> Iterator[Celery]:
    # A broker that keeps the messages in memory, so that what is published is what a worker would be handed.
    application = Celery("observed", broker="memory://", backend="cache+memory://")
    observability.init_celery(application)
    observability.init_celery(application)

    @application.task(name="tests.seen", shared=False)
    def seen(saver: str) -> str | None:
        observability.get_logger().info("working")
        return observability.current_request_id()

    @application.task(name="tests.broken", shared=False)
    def broken(saver: str) -> None:
        raise ValueError(saver)

    yield application
    application.close()


def published(celery: Celery, queue: str = "celery") -> dict[str, Any]:
    """The headers of the one message that waits."""
    with celery.connection_for_read() as connection:
        message = connection.SimpleQueue(queue).get(block=False)
        message.ack()
        headers: dict[str, Any] = message.headers
    return headers


def run(celery: Celery, name: str, headers: dict[str, Any], *args: object) -> Any:
    """As a worker does: the tracer with the message's headers as the request."""
    task = celery.tasks[name]
    tracer = build_tracer(name, task, app=celery)
    return tracer(headers["id"], list(args), {}, {**headers, "is_eager": False, "delivery_info": {}}).retval


def test_the_request_id_travels_with_the_message(celery: Celery, app: Flask, lines: Lines) -> None:
    @app.post("/publish/")
    def publish() -> str:
        celery.tasks["tests.seen"].apply_async(["s1"])
        return ""

    app.test_client().post("/publish/", headers={"X-Request-Id": "request-0001"})
    headers = published(celery)
    assert headers["request_id"] == "request-0001"
    lines()

    run(celery, "tests.seen", headers, "s1")
    working, line = lines()
    assert working["request_id"] == "request-0001"
    assert {key: line[key] for key in ("event", "task", "task_id", "state", "retries", "request_id")} == {
        "event": "task",
        "task": "tests.seen",
        "task_id": headers["id"],
        "state": "SUCCESS",
        "retries": 0,
        "request_id": "request-0001",
    }
    assert observability.current_request_id() is None


def test_a_message_keeps_the_id_it_was_given(celery: Celery) -> None:
    celery.tasks["tests.seen"].apply_async(["s1"], headers=observability.task_headers("outbox-row-0001"))
    assert published(celery)["request_id"] == "outbox-row-0001"


def test_a_task_without_a_request_has_an_id_of_its_own(celery: Celery, lines: Lines) -> None:
    assert observability.task_headers() == {}
    celery.tasks["tests.seen"].apply_async(["s1"])
    headers = published(celery)
    assert headers.get("request_id") is None
    run(celery, "tests.seen", headers, "s1")
    working, line = lines()
    assert working["request_id"] == line["request_id"]
    assert len(line["request_id"]) == 32


def test_a_failure_is_told_without_its_message(celery: Celery, lines: Lines) -> None:
    celery.tasks["tests.broken"].apply_async([CANARIES[3]])
    run(celery, "tests.broken", published(celery), CANARIES[3])
    written = lines()
    assert [line["event"] for line in written] == ["task_failed", "task"]
    assert written[0]["exception"][0]["type"] == "ValueError"
    assert written[0]["exception"][0]["frames"][-1].endswith(" broken")
    assert written[1]["state"] == "FAILURE"
    assert CANARIES[3] not in json.dumps(written)


def test_runs_are_counted_by_name_and_state(celery: Celery, lines: Lines) -> None:
    def runs(state: str) -> float:
        labels = {"task": "tests.seen", "state": state}
        return prometheus_client.REGISTRY.get_sample_value("celery_tasks_total", labels) or 0.0

    before = runs("SUCCESS")
    celery.tasks["tests.seen"].apply_async(["s1"])
    run(celery, "tests.seen", published(celery), "s1")
    assert runs("SUCCESS") == before + 1
    assert prometheus_client.REGISTRY.get_sample_value("celery_task_duration_seconds_count", {"task": "tests.seen"})


def test_celery_leaves_logging_as_it_is(celery: Celery) -> None:
    assert signals.setup_logging.has_listeners()
    assert celery.conf.worker_redirect_stdouts is False
