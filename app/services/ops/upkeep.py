"""Removing what has served its time: a few thousand rows to a transaction, and none that anybody holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.services.ops.job_runs import Round
from app.services.ops.privacy.holdings import HOLDINGS
from app.transactions import fetch, queue, run

UNREAD_NOTICES_KEPT = timedelta(days=400)
CHUNK = 5_000
BLOCKS = 2_000
NOBODY = UUID(int=0)

#: Chunks of one table: each answers how many rows went, and None when there is no more to look at.
Chunks = Iterator[int]

# Found by an index on their age, where there are many.
BY_AGE: dict[str, str] = {
    "refresh_families": "expires_at < %(before)s",
    "proofs": "expires_at < %(before)s",
    "account_letters": "expires_at < %(before)s AND status <> 'waiting'",
    "known_devices": "last_used_at < %(before)s",
    "job_runs": "created_at < %(before)s AND status IN ('done', 'failed')",
    "auto_deposit_turns": "due_on < %(before)s::date AND status <> 'waiting'",
    "score_health": "measured_at < %(before)s",
    # Both levels of a thread stay until the younger one is old enough.
    "support_requests": "answered_at < %(before)s AND status = 'answered' AND NOT EXISTS (SELECT FROM support_requests"
    " a WHERE a.appeal_of = support_requests.id AND (a.answered_at IS NULL OR a.answered_at >= %(before)s))",
    # Of few rows in all.
    "outbox": "dead_at < %(before)s",
    "import_refusals": "run_id IN (SELECT id FROM import_runs WHERE finished_at < %(before)s)",
}


def purge(turn: Round) -> int:
    """The job: rows that went, of all tables."""
    return sum(purge_expired(now=datetime.now(UTC), report=lambda done: turn.report(done, None)).values())


def purge_expired(*, now: datetime, report: Callable[[int], None] = lambda done: None) -> dict[str, int]:
    """Delete what is too old at ``now``, which is real time; counts by table. Commits chunk by chunk.

    For how long each table keeps its rows stands in privacy/holdings.
    """
    counts: dict[str, int] = {}
    tables: dict[str, Chunks] = {
        "idempotency_records": _records(now - kept("idempotency_records")),
        "notifications": _notices(now - kept("notifications"), now - UNREAD_NOTICES_KEPT),
        "deliveries": _deliveries(now - kept("deliveries")),
    } | {table: _by_age(table, now - kept(table)) for table in BY_AGE}
    for table, chunks in tables.items():
        counts[table] = 0
        for gone in chunks:
            counts[table] += gone
            report(sum(counts.values()))
    return counts


def kept(table: str) -> timedelta:
    """For how long rows of this table are kept. Raises KeyError for one whose rows stay."""
    period = HOLDINGS[table].kept
    if period is None:
        raise KeyError(table)
    return period


def _by_age(table: str, before: Any) -> Chunks:
    sql = (
        f"WITH gone AS (DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table} WHERE {BY_AGE[table]}"  # noqa: S608
        " LIMIT %(limit)s FOR UPDATE SKIP LOCKED)) RETURNING 1) SELECT count(*) FROM gone"
    )
    gone = CHUNK
    while gone == CHUNK:
        ((gone,),) = run(lambda: fetch(sql, {"before": before, "limit": CHUNK}))
        yield gone


def _records(before: datetime) -> Chunks:
    """By blocks of the table: no movement pays for an index on the age of its answer."""
    ((blocks,),) = run(
        lambda: fetch(
            "SELECT pg_relation_size('idempotency_records') / current_setting('block_size')::bigint AS blocks"
        )
    )
    sql = (
        "WITH gone AS (DELETE FROM idempotency_records WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency_records"
        " WHERE ctid >= %s::tid AND ctid < %s::tid AND created_at < %s FOR UPDATE SKIP LOCKED)) RETURNING 1)"
        " SELECT count(*) FROM gone"
    )
    for first in range(0, blocks, BLOCKS):
        ((gone,),) = run(partial(fetch, sql, (f"({first},0)", f"({first + BLOCKS},0)", before)))
        yield gone


def _notices(read_before: datetime, unread_before: datetime) -> Chunks:
    """By savers: their notices are in the order of time, so only old ones are looked at."""
    sql = (
        "WITH saver AS MATERIALIZED (SELECT id FROM users WHERE id > %(after)s ORDER BY id LIMIT %(limit)s),"
        " gone AS (DELETE FROM notifications n USING saver s WHERE n.user_id = s.id AND n.id < %(bound)s"
        " AND n.created_at < CASE WHEN n.read_at IS NULL THEN %(unread)s ELSE %(read)s END RETURNING 1)"
        " SELECT (SELECT id FROM saver ORDER BY id DESC LIMIT 1), (SELECT count(*) FROM gone)"
    )
    after: UUID | None = NOBODY
    bound = UUID(int=int(read_before.timestamp() * 1000) << 80)
    values = {"limit": CHUNK, "bound": bound, "read": read_before, "unread": unread_before}
    while after is not None:
        ((after, gone),) = run(partial(_patiently, sql, values | {"after": after}))
        yield gone


def _deliveries(before: datetime) -> Chunks:
    """By ids, which are in the order of time, until one is young enough."""
    sql = (
        "WITH old AS MATERIALIZED (SELECT id, created_at, status FROM deliveries WHERE id > %(after)s ORDER BY id"
        " LIMIT %(limit)s), gone AS (DELETE FROM deliveries d USING old WHERE d.id = old.id"
        " AND old.created_at < %(before)s AND old.status <> 'waiting' RETURNING 1)"
        " SELECT max(id), bool_and(created_at < %(before)s), (SELECT count(*) FROM gone) FROM old"
    )
    after, old = 0, True
    while old:
        ((after, old, gone),) = run(partial(_patiently, sql, {"after": after, "limit": CHUNK, "before": before}))
        yield gone


def _patiently(sql: str, values: dict[str, Any]) -> list[Any]:
    queue("SET LOCAL statement_timeout = '60s'")
    return fetch(sql, values)
