"""Whether worker, beat, queue and outbox are well: what staff look at first where something does not move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import redis
from redis.exceptions import RedisError

from app.extensions import celery
from app.services.ops.check import Check
from app.services.ops.console.figures import MOST, Machinery
from app.services.ops.job_runs import NOTE_SECONDS, Mark

#: What beat starts each second and each twenty seconds: their marks say that beat and a worker live.
SIGNS: Final = ("outbox.relay", "jobs.resume")
#: A sign is noted once a minute; later than this, none came.
SILENT_FOR: Final = timedelta(seconds=2.5 * NOTE_SECONDS)
#: What is due and has waited longer is late.
OUTBOX_PATIENCE: Final = timedelta(minutes=1)
#: More tasks than this in line say that the workers do not keep up.
MANY: Final = 200
ANSWER_SECONDS: Final = 0.5
NO_BROKER: Final = ("cannot be asked: Redis does not answer", "Start Redis, or correct REDIS_URL.")


@dataclass(frozen=True, slots=True)
class Broker:
    """``waiting``: tasks in line; ``held``: those that a worker has taken; None where the broker does not answer.

    ``workers``: whether any answers, None where that could not be asked.
    """

    waiting: int | None
    held: int | None
    workers: bool | None


def broker(config: Mapping[str, Any]) -> Broker:
    """What the broker says, within about a second, whatever is away. Not within a transaction: it asks others."""
    if not config["REDIS_URL"]:
        return Broker(None, None, None)
    prefix = celery.conf.broker_transport_options.get("global_keyprefix", "")
    try:
        with redis.from_url(config["REDIS_URL"], socket_timeout=1, socket_connect_timeout=1) as client:
            waiting = int(client.llen(f"{prefix}{celery.conf.task_default_queue}"))
            held = int(client.hlen(f"{prefix}unacked"))
        # One answer is enough, and then nobody waits for others.
        return Broker(waiting, held, bool(celery.control.ping(timeout=ANSWER_SECONDS, limit=1)))
    except (RedisError, OSError, *celery.connection_for_write().connection_errors):
        return Broker(None, None, None)


def parts(asked: Broker, marks: Mapping[str, Mark], stands: Machinery, *, now: datetime) -> list[Check]:
    """Each part with how it is. ``now``: real time, as the marks are."""
    signs = [marks[name].ran_at for name in SIGNS if name in marks]
    last = max(signs, default=None)
    return [_worker(asked), _beat(asked, last, now), _queue(asked), _outbox(stands), _deliveries(stands), _jobs(stands)]


def _worker(asked: Broker) -> Check:
    if asked.waiting is None:
        return Check("Worker", "problem", *NO_BROKER)
    if not asked.workers:
        return Check("Worker", "problem", "none answers", "Start `celery -A wsgi:celery worker`.")
    return Check("Worker", "ok", "answers")


def _beat(asked: Broker, last: datetime | None, now: datetime) -> Check:
    if last is not None and now - last <= SILENT_FOR:
        return Check("Beat", "ok", f"what it starts ran {_span(now - last)} ago")
    said = "nothing that it starts has run " + ("yet" if last is None else f"for {_span(now - last)}")
    if asked.workers and not asked.waiting:
        return Check("Beat", "problem", said, "The worker has nothing to do: start `celery -A wsgi:celery beat`.")
    return Check("Beat", "problem", said, "It starts with the worker: see to that first.")


def _queue(asked: Broker) -> Check:
    if asked.waiting is None:
        return Check("Queue", "problem", *NO_BROKER)
    said = f"{asked.waiting:,} in line, {asked.held:,} taken"
    if asked.waiting > MANY:
        return Check("Queue", "problem", said, "The workers do not keep up: start another one, or see what is slow.")
    return Check("Queue", "ok", said)


def _outbox(stands: Machinery) -> Check:
    said = f"{_many(stands.outbox_waiting)} waiting" + (
        "" if stands.oldest is None else f", the oldest for {_span(stands.oldest)}"
    )
    if stands.oldest is not None and stands.oldest > OUTBOX_PATIENCE:
        return Check("Outbox", "problem", said, "Beat has it handed on each second: see to worker and beat.")
    if stands.outbox_dead:
        return Check("Outbox", "note", f"{said}, {_many(stands.outbox_dead)} given up", "Try them again.")
    return Check("Outbox", "ok", said)


def _deliveries(stands: Machinery) -> Check:
    if stands.dead_deliveries:
        return Check("Letters, pushes, SMS", "note", f"{_many(stands.dead_deliveries)} given up", "Try them again.")
    return Check("Letters, pushes, SMS", "ok", "none given up")


def _jobs(stands: Machinery) -> Check:
    if stands.failed or stands.stuck:
        said = [
            f"{word}: {', '.join(names)}"
            for word, names in (("failed", stands.failed), ("silent", stands.stuck))
            if names
        ]
        return Check("Jobs", "problem", "; ".join(said), "See the run, then run it again.")
    return Check("Jobs", "ok", "none failed the last time")


def _many(count: int) -> str:
    return f"{MOST:,} or more" if count >= MOST else f"{count:,}"


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
