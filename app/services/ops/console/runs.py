"""Runs of jobs as a list; the jobs themselves are listed by ops/job_list.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.errors import NotFound
from app.services.ops.console.listing import Asked, Page, Source, both_ways, page
from app.transactions import fetch

RUN_STATES: Final = ("queued", "running", "done", "failed")
SOURCE: Final = Source(
    id="r.id",
    found="FROM job_runs r",
    columns="r.id, r.kind, r.status, r.done, r.total, r.created_at, r.started_at, r.finished_at, r.heartbeat_at,"
    " r.attempts, r.error, r.requested_by, u.name",
    read="FROM k JOIN job_runs r ON r.id = k.id LEFT JOIN users u ON u.id = r.requested_by",
    filters={
        "kind": "r.kind = %(kind)s",
        "status": "r.status = %(status)s",
        "since": "r.created_at >= %(since)s",
        "before": "r.created_at < %(before)s",
    },
    orders=both_ways("created_at", ("r.created_at", "r.id"), (datetime, UUID)),
)


@dataclass(frozen=True, slots=True)
class Run:
    """A line of the list. ``attempts``: how often a worker began with it. ``error``: kinds and codes, no message."""

    id: UUID
    kind: str
    status: str
    done: int
    total: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    heartbeat_at: datetime | None
    attempts: int
    error: str | None
    requested_by: UUID | None
    asked_by: str | None


def listed(asked: Asked) -> Page[Run]:
    """A page of runs. Filters: kind, status, since, before. Orders: created_at, -created_at."""
    return page(SOURCE, Run, asked)


def one(run_id: UUID) -> Run:
    """One run. Raises NotFound."""
    rows = fetch(
        f"SELECT {SOURCE.columns} FROM job_runs r LEFT JOIN users u ON u.id = r.requested_by WHERE r.id = %s",  # noqa: S608  constants only
        (run_id,),
    )
    if not rows:
        raise NotFound("There is no such run.")
    return Run(*rows[0])
