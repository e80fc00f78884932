"""Another try, by staff, of what was given up or should run now: dead messages, dead deliveries, jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.errors import DomainError, NotFound
from app.services.audit import log as audit
from app.services.identity import staff_at_work
from app.services.ops import job_runs, jobs
from app.services.ops.job_runs import JobRun
from app.transactions import fetch

MESSAGES = """
WITH again AS (
    UPDATE outbox SET dead_at = NULL, attempts = 0, available_at = %(now)s
    WHERE dead_at IS NOT NULL AND (%(id)s::bigint IS NULL OR id = %(id)s) RETURNING 1
)
SELECT count(*) FROM again
"""
DELIVERIES = """
WITH again AS (
    UPDATE deliveries SET status = 'waiting', attempts = 0, due_at = %(now)s
    WHERE status = 'dead' AND (expires_at IS NULL OR expires_at > %(now)s)
        AND (%(id)s::bigint IS NULL OR id = %(id)s) RETURNING 1
)
SELECT count(*) FROM again
"""
#: What is ordered with what it is about, and never by its name alone.
ORDERED_OTHERWISE = frozenset({"exports.transactions"})


def messages(message_id: int | None = None, *, by: UUID, at: datetime) -> int:
    """Put a dead message, or all of them, back in line with no try behind it; how many.

    Raises DomainError ``not_staff``, and NotFound for one that is not dead.
    """
    return _again(MESSAGES, "outbox", message_id, by=by, at=at)


def deliveries(delivery_id: int | None = None, *, by: UUID, at: datetime) -> int:
    """The same of deliveries that are still of use."""
    return _again(DELIVERIES, "delivery", delivery_id, by=by, at=at)


def start(kind: str, *, by: UUID, at: datetime) -> JobRun:
    """Have the worker run a job now. Raises NotFound, DomainError ``not_staff``, ``job_running``, ``job_not_ordered``
    for what runs each minute anyway and for what is ordered otherwise."""
    staff_at_work.role_of(by)
    job = jobs.job(kind)
    if not job.recorded or kind in ORDERED_OTHERWISE:
        raise DomainError("job_not_ordered", "This job is not begun by hand.")
    ordered = job_runs.order(kind, {}, by=by, at=at)
    audit.record("job_run", subject_type="job", subject_id=ordered.id, at=at, actor_id=by, actor="staff",
                 details={"kind": kind})  # fmt: skip
    return ordered


def _again(sql: str, what: str, id_: int | None, *, by: UUID, at: datetime) -> int:
    staff_at_work.role_of(by)
    ((count,),) = fetch(sql, {"now": max(at, datetime.now(UTC)), "id": id_})
    if id_ is not None and not count:
        raise NotFound("That is not given up any more, or of no use by now.")
    audit.record(
        "tried_again", subject_type=what, subject_id="all" if id_ is None else id_, at=at, actor_id=by, actor="staff",
        details={"count": int(count)},
    )  # fmt: skip
    return int(count)
