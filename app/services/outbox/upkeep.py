"""What an operator asks of the outbox: how it stands, and another go for what is dead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.transactions import fetch


@dataclass(frozen=True, slots=True)
class OutboxState:
    """``oldest``: how long the oldest message that is due has waited; None where none is.

    ``dead_by_topic``: topic, kind of the last error, and how many.
    """

    waiting: int
    dead: int
    oldest: timedelta | None
    dead_by_topic: list[tuple[str, str, int]]


def state(*, now: datetime) -> OutboxState:
    """How the outbox stands at ``now``."""
    ((waiting, dead, since),) = fetch(
        "SELECT count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL),"
        " min(available_at) FILTER (WHERE dead_at IS NULL AND available_at <= %s) FROM outbox",
        (now,),
    )
    topics = fetch(
        "SELECT topic, coalesce(last_error, ''), count(*) FROM outbox WHERE dead_at IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    return OutboxState(waiting, dead, None if since is None else now - since, [tuple(row) for row in topics])


def retry(*, now: datetime) -> int:
    """Make every dead message due at ``now`` with no attempt behind it; how many there were."""
    ((count,),) = fetch(
        "WITH again AS (UPDATE outbox SET dead_at = NULL, attempts = 0, available_at = %s"
        " WHERE dead_at IS NOT NULL RETURNING 1) SELECT count(*) FROM again",
        (now,),
    )
    return int(count)
