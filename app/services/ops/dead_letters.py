"""What could not be handed on and was given up: counted, told of once a day, and tried again where that is of use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Gauge

from app.observability import get_logger
from app.services.ops import health
from app.services.ops.job_runs import Round
from app.services.outbox import upkeep
from app.transactions import fetch, run

log = get_logger()
dead_letters = Gauge(
    "dead_letters", "Messages and deliveries that were given up", ["queue"], multiprocess_mode="mostrecent"
)
#: Kinds of errors that say that the broker was away, and nothing of the message.
OUTAGES = ("OperationalError", "ConnectionError", "TimeoutError", "ConnectionRefusedError", "ConnectionResetError")
AGAIN = """
WITH again AS (
    UPDATE outbox SET dead_at = NULL, attempts = 0, available_at = %s WHERE dead_at IS NOT NULL AND last_error = ANY(%s)
    RETURNING 1
)
SELECT count(*) FROM again
"""
DELIVERIES_AGAIN = """
WITH again AS (
    UPDATE deliveries SET status = 'waiting', attempts = 0, due_at = %(now)s
    WHERE status = 'dead' AND (expires_at IS NULL OR expires_at > %(now)s) RETURNING 1
)
SELECT count(*) FROM again
"""


@dataclass(frozen=True, slots=True)
class DeadDeliveries:
    """How many deliveries were given up, by channel and last error, most first."""

    count: int
    by_channel: list[tuple[str, str, int]]


def deliveries() -> DeadDeliveries:
    """The deliveries that were given up."""
    rows = fetch(
        "SELECT channel, coalesce(last_error, ''), count(*) FROM deliveries WHERE status = 'dead'"
        " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    return DeadDeliveries(sum(count for *_, count in rows), [tuple(row) for row in rows])


def retry_deliveries(*, now: datetime) -> int:
    """Put the dead deliveries that are still of use back in line at ``now``, with all tries before them; how many."""
    ((count,),) = fetch(DELIVERIES_AGAIN, {"now": now})
    return int(count)


def look(turn: Round) -> int:
    """The job: count what is dead, say so on the first run of a day, and try what an outage killed; how many of those.

    Deliveries are left alone: what was refused eight times over hours comes late as well, and an operator decides.
    """
    now = max(turn.at, datetime.now(UTC))
    retried = 0
    if health.redis_answers():
        ((retried,),) = run(lambda: fetch(AGAIN, (now, list(OUTAGES))))
    messages, letters = run(lambda: (upkeep.state(now=now).dead, deliveries().count))
    dead_letters.labels("outbox").set(messages)
    dead_letters.labels("deliveries").set(letters)
    if (messages or letters) and (turn.since is None or turn.since.date() != turn.at.date()):
        for queue, count in (("outbox", messages), ("deliveries", letters)):
            if count:
                log.warning("dead_letters", queue=queue, count=count)
    return int(retried)
