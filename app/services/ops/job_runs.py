"""Runs of jobs: one of each kind at a time, each with a row that staff can follow, taken over where its worker died.

The times of a run are real time, not the product's clock: they say whether a process lives.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal
from uuid import UUID

import orjson
import uuid_utils.compat as uuids
from flask import current_app

from app import clock
from app.errors import DomainError, NotFound
from app.observability import get_logger
from app.observability.scrubbing import describe_exception
from app.services.outbox.messages import enqueue
from app.transactions import fetch, on_violation, queue, run

log = get_logger()
#: A run that says nothing for so long is dead. With the round that looks for such runs (jobs.py), its work goes on
#: within two minutes.
SILENT_FOR = timedelta(seconds=90)
BEAT_SECONDS = 15.0
#: Progress is written no more often than this.
WRITE_SECONDS = 1.0
#: What runs each second notes that it did once in a while only.
NOTE_SECONDS = 60.0

on_violation(
    "uq_job_runs_kind",
    lambda: DomainError("job_running", "This job has been ordered or is running already. Wait until it is done."),
)

CLAIM = """
INSERT INTO job_runs AS r (id, kind, status, created_at, started_at, heartbeat_at)
VALUES (%(id)s, %(kind)s, 'running', %(now)s, %(now)s, %(now)s)
ON CONFLICT (kind) WHERE status IN ('queued', 'running') DO UPDATE
    SET status = 'running', started_at = coalesce(r.started_at, excluded.started_at), heartbeat_at = %(now)s,
        attempts = r.attempts + 1
    WHERE r.status = 'queued' OR r.heartbeat_at < %(dead)s
RETURNING id, attempts, done, parameters, cursor, id = %(id)s
"""
BEAT = """
UPDATE job_runs SET done = %s, total = %s, heartbeat_at = %s WHERE id = %s AND attempts = %s AND status = 'running'
RETURNING 1
"""
ADVANCE = """
UPDATE job_runs SET cursor = %s, done = %s, total = %s, heartbeat_at = %s
WHERE id = %s AND attempts = %s AND status = 'running' RETURNING 1
"""
NOTE = """
INSERT INTO job_marks AS m (kind, ran_at, outcome, took_ms, covered_until) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (kind) DO UPDATE SET ran_at = excluded.ran_at, outcome = excluded.outcome, took_ms = excluded.took_ms,
    covered_until = greatest(m.covered_until, excluded.covered_until)
"""
COLUMNS = "id, kind, status, done, total, started_at, finished_at, error"


class TakenOver(Exception):
    """Another worker took this run for dead and goes on with it: this one stops."""


@dataclass(slots=True)
class Round:
    """What a job is told when it runs.

    ``at``: the product's instant. ``since``: how far in that time the last finished run had come, None before the
    first. ``parameters``: of whoever ordered it. ``report(done, total)`` is told between two transactions, as often as
    the job likes; it raises TakenOver. ``cursor``: where a run that died had come to, in the job's own words; None at
    the beginning. ``advance(cursor, done, total)`` writes it in the transaction of the chunk before it, so that what is
    behind it is done once; it raises TakenOver.
    """

    at: datetime
    since: datetime | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    report: Callable[[int, int | None], None] = lambda done, total: None
    cursor: str | None = None
    advance: Callable[[str, int, int | None], None] = lambda cursor, done, total: None


@dataclass(frozen=True, slots=True)
class Job:
    """One scheduled job.

    ``schedule``: seconds, or five fields of a crontab in UTC. ``work`` commits by itself, chunk by chunk, and answers
    how much it did; it may run twice, late, or be killed halfway. ``recorded``: whether a run that finds work leaves a
    row; what runs each second does not, and does not mind another beside it.
    """

    name: str
    about: str
    work: Callable[[Round], int]
    schedule: float | str
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run as staff see it."""

    id: UUID
    kind: str
    status: str
    done: int
    total: int | None
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How ``perform`` ended. ``running``: another run of the kind is under way, and nothing was done."""

    state: Literal["done", "nothing", "running"]
    done: int = 0
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """When a kind last ran, found work or not, and how that ended: done, nothing or failed."""

    ran_at: datetime
    outcome: str
    took: timedelta


def perform(job: Job, *, watch: Callable[[int, int | None], None] = lambda done, total: None) -> Outcome:
    """Run ``job`` now, unless it is running. ``watch`` is told how far it is. Raises what the job raises."""
    began = time.monotonic()
    if not job.recorded:
        done = job.work(Round(clock.now(), report=watch))
        _note_now_and_then(job, began)
        return Outcome("done" if done else "nothing", done)
    at = clock.now()
    claimed = run(lambda: _claim(job.name))
    if claimed is None:
        return Outcome("running")
    heart, since, parameters, cursor, fresh = claimed
    heart.watch = watch
    with heart:
        try:
            done = job.work(Round(at, since, parameters, heart.tell, cursor, heart.advance))
        except TakenOver:
            log.warning("job_taken_over", kind=job.name, job_id=str(heart.run_id))
            return Outcome("running", heart.done, heart.run_id)
        except BaseException as error:
            log.warning("job_failed", kind=job.name, job_id=str(heart.run_id), done=heart.done)
            with suppress(Exception):  # the database may be what failed: then its silence tells
                text = _words(error)
                run(lambda: _finish(job, heart, "failed", began, error=text))
            raise
    if not done and not heart.done and fresh:
        run(lambda: _forget(job, heart, began, at))
        return Outcome("nothing")
    heart.done = max(heart.done, heart.before + done)
    run(lambda: _finish(job, heart, "done", began, covered=at))
    log.info("job", kind=job.name, job_id=str(heart.run_id), outcome="done", done=heart.done)
    return Outcome("done", heart.done, heart.run_id)


def order(kind: str, parameters: dict[str, Any], *, by: UUID | None, at: datetime) -> JobRun:
    """Queue a run of ``kind``, which the worker begins a second later.

    Raises DomainError ``job_running`` where one is ordered or under way.
    """
    ordered, now = uuids.uuid7(), datetime.now(UTC)
    queue(
        "INSERT INTO job_runs (id, kind, parameters, requested_by, created_at, heartbeat_at)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (ordered, kind, orjson.dumps(parameters).decode(), by, now, now),
    )
    enqueue("jobs.ordered", {"kind": kind, "job_id": str(ordered)}, at)
    return read(ordered)


def read(run_id: UUID) -> JobRun:
    """One run. Raises NotFound."""
    rows = fetch(f"SELECT {COLUMNS} FROM job_runs WHERE id = %s", (run_id,))  # noqa: S608  constants only
    if not rows:
        raise NotFound("There is no such job.")
    return JobRun(*rows[0])


def silent(*, now: datetime) -> list[str]:
    """Kinds whose run has said nothing for too long, or that were ordered and never begun."""
    rows = fetch(
        "SELECT kind FROM job_runs WHERE status IN ('queued', 'running') AND heartbeat_at < %s ORDER BY created_at",
        (now - SILENT_FOR,),
    )
    return [kind for (kind,) in rows]


def marks() -> dict[str, Mark]:
    """When each kind last ran."""
    rows = fetch("SELECT kind, ran_at, outcome, took_ms FROM job_marks ORDER BY kind")
    return {kind: Mark(ran_at, outcome, timedelta(milliseconds=took)) for kind, ran_at, outcome, took in rows}


def running() -> dict[str, JobRun]:
    """The runs that are ordered or under way, by kind."""
    rows = fetch(f"SELECT {COLUMNS} FROM job_runs WHERE status IN ('queued', 'running')")  # noqa: S608
    return {row[1]: JobRun(*row) for row in rows}


class _Heart:
    """Says that a run lives: with its progress, and by itself while one step takes long."""

    def __init__(self, run_id: UUID, attempt: int, before: int) -> None:
        self.run_id, self.attempt, self.before = run_id, attempt, before
        self.done = before
        self.total: int | None = None
        self.watch: Callable[[int, int | None], None] = lambda done, total: None
        self._written = time.monotonic()
        self._over = threading.Event()
        self._app = current_app._get_current_object()  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._beat, name="job-heart", daemon=True)

    def __enter__(self) -> _Heart:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def tell(self, done: int, total: int | None) -> None:
        """How much is done, of how much. Raises TakenOver."""
        self.done, self.total = self.before + done, None if total is None else self.before + total
        self.watch(self.done, self.total)
        if time.monotonic() - self._written >= WRITE_SECONDS and not run(self._write):
            raise TakenOver

    def advance(self, cursor: str, done: int, total: int | None) -> None:
        """The same as part of the current transaction, with how far the run has come. Raises TakenOver."""
        done, total = self.before + done, None if total is None else self.before + total
        if not fetch(ADVANCE, (cursor, done, total, datetime.now(UTC), self.run_id, self.attempt)):
            raise TakenOver

    def _write(self) -> bool:
        self._written = time.monotonic()
        return bool(fetch(BEAT, (self.done, self.total, datetime.now(UTC), self.run_id, self.attempt)))

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            with suppress(Exception), self._app.app_context():
                run(self._write)


def _claim(kind: str) -> tuple[_Heart, datetime | None, dict[str, Any], str | None, bool] | None:
    now = datetime.now(UTC)
    rows = fetch(CLAIM, {"id": uuids.uuid7(), "kind": kind, "now": now, "dead": now - SILENT_FOR})
    if not rows:
        return None
    run_id, attempt, done, parameters, cursor, fresh = rows[0]
    marked = fetch("SELECT covered_until FROM job_marks WHERE kind = %s", (kind,))
    return _Heart(run_id, attempt, done), marked[0][0] if marked else None, parameters, cursor, fresh


def _finish(
    job: Job, heart: _Heart, status: str, began: float, *, covered: datetime | None = None, error: str | None = None
) -> None:
    now = datetime.now(UTC)
    queue(
        "UPDATE job_runs SET status = %s, done = %s, total = %s, finished_at = %s, heartbeat_at = %s, error = %s"
        " WHERE id = %s AND attempts = %s AND status = 'running'",
        (status, heart.done, heart.total, now, now, error, heart.run_id, heart.attempt),
    )
    queue(NOTE, (job.name, now, status, _milliseconds(began), covered))


def _forget(job: Job, heart: _Heart, began: float, covered: datetime) -> None:
    queue("DELETE FROM job_runs WHERE id = %s AND attempts = %s", (heart.run_id, heart.attempt))
    queue(NOTE, (job.name, datetime.now(UTC), "nothing", _milliseconds(began), covered))


_noted: dict[str, float] = {}


def _note_now_and_then(job: Job, began: float) -> None:
    if time.monotonic() - _noted.get(job.name, -NOTE_SECONDS) >= NOTE_SECONDS:
        _noted[job.name] = time.monotonic()
        run(lambda: queue(NOTE, (job.name, datetime.now(UTC), "done", _milliseconds(began), None)))


def _milliseconds(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _words(error: BaseException) -> str:
    """What may be shown of an error: kinds and codes, never its message, which can hold anything."""
    if isinstance(error, DomainError):
        return f"{type(error).__name__}: {error.code}"
    links = [
        " ".join(str(value) for key, value in link.items() if key != "frames") for link in describe_exception(error)
    ]
    return " < ".join(links)
