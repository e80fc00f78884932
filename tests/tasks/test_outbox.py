from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from flask import Flask

from app.extensions import celery
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.outbox import relay as relay_module
from app.services.outbox.messages import enqueue
from app.services.outbox.relay import ATTEMPTS, relay, waiting
from app.tasks.outbox import RECEIVERS
from app.transactions import fetch, run
from devstack.stack import Stack
from tests.tasks.conftest import QUEUE, broker_url, use_broker

NOWHERE = "redis://127.0.0.1:9/0"


def handed_on(broker: redis.Redis, task: str = "savings.refresh") -> list[dict[str, Any]]:
    """What the queue holds for ``task``, one of the topic's receivers; first in first."""
    messages = [json.loads(text) for text in reversed(broker.lrange(QUEUE, 0, -1))]
    own = [message for message in messages if message["headers"]["task"] == task]
    batches = [json.loads(base64.b64decode(message["body"]))[1]["messages"] for message in own]
    return [message for batch in batches for message in batch]


def write(*numbers: int, at: datetime | None = None) -> None:
    def enqueue_all() -> None:
        for number in numbers:
            enqueue("savings.moved", {"user_id": str(number), "transaction_id": "0"}, at or datetime.now(UTC))

    run(enqueue_all)


def relay_outbox() -> int:
    """As beat has it done each second; how many messages went."""
    return perform(JOBS["outbox.relay"]).done


def rows() -> list[tuple[Any, ...]]:
    return run(lambda: fetch("SELECT payload ->> 'user_id', attempts, last_error, dead_at FROM outbox ORDER BY id"))


def numbers(broker: redis.Redis) -> list[int]:
    return [int(arguments["user_id"]) for arguments in handed_on(broker)]


def test_what_is_committed_is_handed_on_in_order_and_once(tasks_app: Flask, broker: redis.Redis) -> None:
    write(1, 2, 3)
    assert relay_outbox() == 3
    assert relay_outbox() == 0
    assert numbers(broker) == [1, 2, 3]
    assert rows() == []


def test_each_receiver_of_a_topic_gets_it(tasks_app: Flask, broker: redis.Redis) -> None:
    write(1)
    assert relay_outbox() == 1
    for task in RECEIVERS["savings.moved"]:
        assert [message["user_id"] for message in handed_on(broker, task)] == ["1"], task


def test_what_is_rolled_back_is_never_handed_on(tasks_app: Flask, broker: redis.Redis) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: (enqueue("savings.moved", {"user_id": "1"}, datetime.now(UTC)), 1 / 0))
    assert relay_outbox() == 0
    assert numbers(broker) == []


def test_more_than_a_batch_goes_in_one_run(
    tasks_app: Flask, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "BATCH", 3)
    write(*range(10))
    assert relay_outbox() == 10
    assert numbers(broker) == list(range(10))


def test_a_fact_of_the_future_waits_for_the_clock(tasks_app: Flask, broker: redis.Redis, clock: Any) -> None:
    clock.set(datetime.now(UTC))
    write(1, at=clock.now() + timedelta(days=2))
    assert relay_outbox() == 0
    clock.advance(days=2)
    assert relay_outbox() == 1


def test_without_a_broker_attempts_grow_until_it_is_back(
    tasks_app: Flask, broker: redis.Redis, stack: Stack, clock: Any
) -> None:
    clock.set(datetime.now(UTC) + timedelta(seconds=1))
    write(1, 2)
    use_broker(NOWHERE)
    for attempt in (1, 2, 3):
        assert relay_outbox() == 0
        # The first that fails stands for all: what follows it is left alone, and costs no attempt.
        assert sum(row[1] for row in rows()) == attempt
        assert {(row[2], row[3]) for row in rows() if row[1]} == {("OperationalError", None)}
        clock.advance(days=1)
    assert len(rows()) == 2
    use_broker(broker_url(stack))
    assert relay_outbox() == 2
    assert sorted(numbers(broker)) == [1, 2]


def test_ten_attempts_and_a_message_is_dead_but_not_lost(tasks_app: Flask, broker: redis.Redis, clock: Any) -> None:
    clock.set(datetime.now(UTC) + timedelta(seconds=1))
    write(1)
    use_broker(NOWHERE)
    for attempt in range(1, ATTEMPTS + 1):
        assert run(waiting) == (1, 0), attempt
        relay_outbox()
        clock.advance(days=1)
    assert run(waiting) == (0, 1)
    ((payload, attempts, error, dead_at),) = rows()
    assert (payload, attempts, error, dead_at is None) == ("1", ATTEMPTS, "OperationalError", False)


def test_delays_grow_between_attempts(tasks_app: Flask) -> None:
    start = datetime.now(UTC)
    write(1, at=start)

    def broken(topic: str, messages: list[dict[str, Any]]) -> None:
        raise ConnectionError

    due, delays = start, []
    for _ in range(4):
        run(lambda: relay(broken, now=due))  # noqa: B023  called at once
        ((available_at,),) = run(lambda: fetch("SELECT available_at FROM outbox"))
        delays.append((available_at - due).total_seconds())
        assert run(lambda: relay(broken, now=due)) == 0  # not due yet: no attempt is spent  # noqa: B023
        due = available_at
    assert delays == [4, 8, 16, 32]


def test_one_that_cannot_be_published_holds_nobody_up_for_long(tasks_app: Flask, broker: redis.Redis) -> None:
    run(lambda: enqueue("nobody.receives.this", {}, datetime.now(UTC)))
    write(1, 2)
    assert relay_outbox() + relay_outbox() == 2
    assert numbers(broker) == [1, 2]
    assert [row[2] for row in rows()] == ["KeyError"]


def test_a_relay_that_dies_before_its_commit_publishes_again(
    tasks_app: Flask, broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(1)
    send = celery.send_task

    def send_and_die(*arguments: Any, **more: Any) -> None:
        send(*arguments, **more)
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(celery, "send_task", send_and_die)
        with pytest.raises(SystemExit):
            relay_outbox()
    assert relay_outbox() == 1
    assert numbers(broker) == [1, 1]  # at least once: receivers bear doubles


def test_two_relays_side_by_side_share_the_work(tasks_app: Flask) -> None:
    write(*range(5))
    inside, release, first = threading.Event(), threading.Event(), []

    def slow(topic: str, messages: list[dict[str, Any]]) -> None:
        first.extend(message["user_id"] for message in messages)
        inside.set()
        assert release.wait(30)

    def other_relay() -> None:
        with tasks_app.app_context():
            run(lambda: relay(slow, now=datetime.now(UTC) + timedelta(seconds=1)))

    thread = threading.Thread(target=other_relay)
    thread.start()
    try:
        assert inside.wait(30)
        write(7)
        second: list[str] = []
        assert run(lambda: relay(lambda _, them: second.extend(m["user_id"] for m in them), now=datetime.now(UTC))) == 1
    finally:
        release.set()
        thread.join()
    assert (second, first) == (["7"], ["0", "1", "2", "3", "4"])
    assert rows() == []
