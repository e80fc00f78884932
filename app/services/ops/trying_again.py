"""Another try, by staff, of what was given up or should run now: dead messages, dead deliveries, jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from app.errors import DomainError, Invalid, NotFound
from app.services.audit import log as audit
from app.services.identity import staff_at_work
from app.services.ops import job_runs, jobs
from app.services.ops.job_runs import Job, JobRun
from app.transactions import fetch

MESSAGES = """
WITH again AS (
    UPDATE outbox SET dead_at = NULL, attempts = 0, available_at = %(now)s
    WHERE dead_at IS NOT NULL AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[])) RETURNING 1
)
SELECT count(*) FROM again
"""
DELIVERIES = """
WITH again AS (
    UPDATE deliveries SET status = 'waiting', attempts = 0, due_at = %(now)s
    WHERE status = 'dead' AND (expires_at IS NULL OR expires_at > %(now)s)
        AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[])) RETURNING 1
)
SELECT count(*) FROM again
"""
#: What is ordered with what it is about, and never by its name alone.
ORDERED_OTHERWISE = frozenset({"exports.transactions"})


def messages(ids: Sequence[int] | None = None, *, by: UUID, at: datetime) -> int:
    """Put dead messages, or all of them, back in line with no try behind them; how many.

    Raises DomainError ``not_staff``, Invalid where none is chosen, and NotFound where none of them is dead.
    """
    return _again(MESSAGES, "outbox", ids, by=by, at=at)


def deliveries(ids: Sequence[int] | None = None, *, by: UUID, at: datetime) -> int:
    """The same of deliveries that are still of use."""
    return _again(DELIVERIES, "delivery", ids, by=by, at=at)


def start(kind: str, *, by: UUID, at: datetime) -> JobRun:
    """Have the worker run a job now. Raises NotFound, DomainError ``not_staff``, ``job_running``, ``job_not_ordered``
    for what runs each minute anyway and for what is ordered otherwise."""
    staff_at_work.role_of(by)
    if not is_ordered_by_name(jobs.job(kind)):
        raise DomainError("job_not_ordered", "This job is not begun by hand.")
    ordered = job_runs.order(kind, {}, by=by, at=at)
    audit.record("job_run", subject_type="job", subject_id=ordered.id, at=at, actor_id=by, actor="staff",
                 details={"kind": kind})  # fmt: skip
    return ordered


def start_again(run_id: UUID, *, by: UUID, at: datetime) -> JobRun:
    """Have the worker do anew what a failed run was to do, with all that it was ordered with.

    Raises NotFound, DomainError ``not_staff``, ``job_running``, ``job_not_failed``, ``job_not_ordered``.
    """
    staff_at_work.role_of(by)
    rows = fetch("SELECT kind, status, parameters FROM job_runs WHERE id = %s", (run_id,))
    if not rows:
        raise NotFound("There is no such job.")
    kind, status, parameters = rows[0]
    if status != "failed":
        raise DomainError("job_not_failed", "Only what failed is tried again.")
    if not jobs.job(kind).recorded or kind in ORDERED_OTHERWISE:
        raise DomainError("job_not_ordered", "This is ordered anew where it was ordered.")
    ordered = job_runs.order(kind, parameters, by=by, at=at)
    audit.record("job_run", subject_type="job", subject_id=ordered.id, at=at, actor_id=by, actor="staff",
                 details={"kind": kind, "instead_of": str(run_id)})  # fmt: skip
    return ordered


def is_ordered_by_name(job: Job) -> bool:
    """Whether staff may begin it by its name."""
    return job.recorded and job.name not in ORDERED_OTHERWISE


def _again(sql: str, what: str, ids: Sequence[int] | None, *, by: UUID, at: datetime) -> int:
    staff_at_work.role_of(by)
    if ids is not None and not ids:
        raise Invalid({"chosen": ["Choose what to try again."]})
    ((count,),) = fetch(sql, {"now": max(at, datetime.now(UTC)), "ids": None if ids is None else list(ids)})
    if ids is not None and not count:
        raise NotFound("That is not given up any more, or of no use by now.")
    chosen = {} if ids is None or len(ids) == 1 else {"ids": sorted(ids)}
    audit.record(
        "tried_again", subject_type=what, subject_id="all" if ids is None else ids[0] if len(ids) == 1 else "chosen",
        at=at, actor_id=by, actor="staff", details={"count": int(count), **chosen},
    )  # fmt: skip
    return int(count)
