"""Handing on what the outbox holds: at least once, in batches, several relays side by side without a double."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from app.observability import get_logger
from app.transactions import fetch, queue

log = get_logger()
BATCH = 200
ATTEMPTS = 10
FIRST_DELAY = timedelta(seconds=2)


def relay(publish: Callable[[str, list[dict[str, Any]]], None], *, now: datetime) -> int:
    """Publish up to ``BATCH`` messages that are due, those of one topic together, and remove them; how many went.

    Where a topic's cannot be published, its first is tried again with growing delays and is dead after ``ATTEMPTS``;
    the others wait for their turn. The commit comes after the publishing, so a relay that dies in between publishes
    again: receivers bear doubles.
    """
    rows = fetch(
        "SELECT id, topic, payload, attempts FROM outbox WHERE dead_at IS NULL AND available_at <= %s"
        " ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
        (now, BATCH),
    )
    handed_on: list[int] = []
    for topic in dict.fromkeys(row[1] for row in rows):
        messages = [row for row in rows if row[1] == topic]
        try:
            publish(topic, [payload for _, _, payload, _ in messages])
        except Exception as error:
            number, _, _, attempts = messages[0]
            attempts += 1
            dead = now if attempts >= ATTEMPTS else None
            log.warning("outbox_publish_failed", topic=topic, attempts=attempts, reason=type(error).__name__)
            queue(
                "UPDATE outbox SET attempts = %s, available_at = %s, last_error = %s, dead_at = %s WHERE id = %s",
                (attempts, now + FIRST_DELAY * 2**attempts, type(error).__name__, dead, number),
            )
            break  # the broker is away: what follows would fail alike
        handed_on += [number for number, _, _, _ in messages]
    if handed_on:
        queue("DELETE FROM outbox WHERE id = ANY(%s)", (handed_on,))
    return len(handed_on)


def waiting() -> tuple[int, int]:
    """How many messages wait, and how many are dead."""
    ((alive, dead),) = fetch(
        "SELECT count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL) FROM outbox"
    )
    return alive, dead
