"""Runs of jobs: one of each kind at a time, taken over where its worker died, and without a trace where idle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app import clock as product_clock
from app.errors import DomainError, NotFound, Unavailable
from app.services.ops import job_runs
from app.services.ops.job_runs import Job, Round, TakenOver, order, perform, read
from app.services.ops.jobs import JOBS, job, next_start
from app.transactions import fetch, queue, run
from tests.conftest import Clock


@pytest.fixture(autouse=True)
def alone(new_app: Callable[..., Flask]) -> Any:
    app = new_app()
    with app.app_context():
        yield app


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_runs, "WRITE_SECONDS", 0.0)


def made(work: Callable[[Round], int], **more: Any) -> Job:
    return Job("tests.job", "For tests.", work, 60.0, **more)


def rows(columns: str = "status, done, total, attempts, error") -> list[Any]:
    return run(lambda: fetch(f"SELECT {columns} FROM job_runs ORDER BY created_at, id"))


def silence(seconds: float) -> None:
    run(lambda: queue("UPDATE job_runs SET heartbeat_at = now() - %s * interval '1 second'", (seconds,)))


def left_behind(done: int = 40) -> UUID:
    """A run whose worker is gone."""
    run_id = uuid4()
    run(
        lambda: queue(
            "INSERT INTO job_runs (id, kind, status, done, created_at, started_at, heartbeat_at)"
            " VALUES (%s, 'tests.job', 'running', %s, now(), now(), now())",
            (run_id, done),
        )
    )
    return run_id


def test_a_run_that_finds_work_leaves_a_row_and_one_that_finds_none_does_not() -> None:
    assert perform(made(lambda turn: 0)).state == "nothing"
    assert rows() == []
    assert run(job_runs.marks)["tests.job"].outcome == "nothing"
    outcome = perform(made(lambda turn: 7))
    assert (outcome.state, outcome.done) == ("done", 7)
    assert rows() == [("done", 7, None, 1, None)]
    mark = run(job_runs.marks)["tests.job"]
    assert mark.outcome == "done"
    assert datetime.now(UTC) - mark.ran_at < timedelta(minutes=1)


def test_its_progress_can_be_followed_while_it_goes_on() -> None:
    seen: list[Any] = []

    def work(turn: Round) -> int:
        turn.report(3, 10)
        seen.extend(rows("status, done, total"))
        turn.report(10, 10)
        return 10

    watched: list[Any] = []
    perform(made(work), watch=lambda done, total: watched.append((done, total)))
    assert seen == [("running", 3, 10)]
    assert watched == [(3, 10), (10, 10)]
    assert rows() == [("done", 10, 10, 1, None)]


def test_a_second_run_of_the_kind_does_nothing_while_one_is_under_way() -> None:
    inner: list[str] = []

    def work(turn: Round) -> int:
        inner.append(perform(made(lambda turn: 1 // 0)).state)
        return 1

    assert perform(made(work)).state == "done"
    assert inner == ["running"]
    assert len(rows()) == 1


def test_a_run_whose_worker_died_is_taken_over_and_counts_on() -> None:
    run_id = left_behind(done=40)
    silence(60)
    assert perform(made(lambda turn: 2)).state == "running"
    silence(91)
    outcome = perform(made(lambda turn: 2))
    assert (outcome.state, outcome.run_id, outcome.done) == ("done", run_id, 42)
    assert rows() == [("done", 42, None, 2, None)]


def test_a_worker_that_was_only_slow_stops_when_it_hears_that_it_was_taken_over() -> None:
    seen: list[str] = []

    def slow(turn: Round) -> int:
        silence(91)
        seen.append(perform(made(lambda turn: 5)).state)
        with pytest.raises(TakenOver):
            turn.report(1, None)
        turn.report(2, None)
        raise AssertionError("went on")

    assert perform(made(slow)).state == "running"
    assert seen == ["done"]
    assert rows() == [("done", 5, None, 2, None)]


def test_a_long_step_does_not_pass_for_death(monkeypatch: pytest.MonkeyPatch, alone: Flask) -> None:
    monkeypatch.setattr(job_runs, "BEAT_SECONDS", 0.01)
    beaten = threading.Event()
    write = job_runs._Heart._write

    def told(self: Any) -> bool:
        alive = write(self)
        beaten.set()
        return alive

    monkeypatch.setattr(job_runs._Heart, "_write", told)

    def long_step(turn: Round) -> int:
        silence(300)
        for _ in range(2):  # the first may have been on its way before
            beaten.clear()
            assert beaten.wait(30)
        assert run(lambda: job_runs.silent(now=datetime.now(UTC))) == []
        return 1

    assert perform(made(long_step)).state == "done"


def test_a_failed_run_says_what_failed_without_its_words() -> None:
    def broken(turn: Round) -> int:
        turn.report(4, None)
        raise ValueError("the password is kettle")

    with pytest.raises(ValueError):
        perform(made(broken))
    assert rows() == [("failed", 4, None, 1, "ValueError")]
    assert run(job_runs.marks)["tests.job"].outcome == "failed"
    with pytest.raises(DomainError):
        perform(made(lambda turn: (_ for _ in ()).throw(Unavailable("secret", "storage_unavailable"))))
    assert rows()[-1][-1] == "Unavailable: storage_unavailable"
    assert perform(made(lambda turn: 1)).state == "done"


def test_time_is_covered_by_runs_that_ended_well_only(clock: Clock) -> None:
    seen: list[Any] = []

    def work(turn: Round) -> int:
        seen.append(turn.since)
        if len(seen) == 2:
            raise ValueError
        return 0

    first = product_clock.now()
    perform(made(work))
    clock.advance(hours=1)
    with pytest.raises(ValueError):
        perform(made(work))
    clock.advance(hours=1)
    perform(made(work))
    perform(made(work))
    assert seen == [None, first, first, product_clock.now()]


def test_an_order_waits_in_line_and_another_is_refused() -> None:
    ordered = run(lambda: order("tests.job", {"user_ids": ["1"]}, by=None, at=product_clock.now()))
    assert (ordered.status, ordered.started_at) == ("queued", None)
    with pytest.raises(DomainError, match="job_running"):
        run(lambda: order("tests.job", {}, by=None, at=product_clock.now()))
    assert run(lambda: fetch("SELECT topic FROM outbox")) == [("jobs.ordered",)]
    seen: list[Any] = []
    outcome = perform(made(lambda turn: seen.append(turn.parameters) or 1))
    assert outcome.run_id == ordered.id
    assert seen == [{"user_ids": ["1"]}]
    after = run(lambda: read(ordered.id))
    assert after.status == "done"
    assert after.started_at is not None
    run(lambda: order("tests.job", {}, by=None, at=product_clock.now()))


def test_what_died_or_was_never_begun_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(JOBS, "tests.job", made(lambda turn: 2))
    left_behind(done=1)
    assert perform(job("jobs.resume")).done == 0
    silence(91)
    assert perform(job("jobs.resume")).done == 1
    assert rows() == [("done", 3, None, 2, None)]
    run(lambda: order("tests.job", {}, by=None, at=product_clock.now()))
    silence(91)
    assert perform(job("jobs.resume")).done == 1
    assert rows("status") == [("done",), ("done",)]


def test_what_a_dead_worker_held_goes_on_within_two_minutes() -> None:
    resume = JOBS["jobs.resume"].schedule
    assert isinstance(resume, float)
    assert job_runs.SILENT_FOR + timedelta(seconds=resume) < timedelta(minutes=2)
    assert timedelta(seconds=4 * job_runs.BEAT_SECONDS) < job_runs.SILENT_FOR


def test_an_unknown_job_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(NotFound, match=r"ledger\.seal"):
        job("ledger.unseal")
    with pytest.raises(NotFound):
        run(lambda: read(uuid4()))


def test_the_next_start_is_told() -> None:
    noon = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
    assert next_start(JOBS["ledger.seal"], after=noon) == noon + timedelta(minutes=7)
    assert next_start(JOBS["upkeep.purge"], after=noon) == noon.replace(hour=21, minute=30)
    assert next_start(JOBS["outbox.relay"], after=noon) == noon + timedelta(seconds=1)
