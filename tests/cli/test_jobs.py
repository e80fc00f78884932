from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.services.ops.job_runs import Job
from app.services.ops.jobs import JOBS
from app.transactions import queue, run
from tests.cli.conftest import command_of


def test_the_jobs_are_listed_with_how_they_went(new_app: Callable[..., Flask]) -> None:
    flask = command_of(new_app())
    before = flask("jobs", "list")
    assert before.exit_code == 0
    for name, job in JOBS.items():
        assert sum(line.startswith(f"{name} ") for line in before.stdout.splitlines()) == 2
        assert job.about in before.stdout
    assert before.stdout.count("never") == len(JOBS)
    assert flask("jobs", "run", "upkeep.purge").stdout == "upkeep.purge: there was nothing to do.\n"
    (line,) = [line for line in flask("jobs", "list").stdout.splitlines() if line.startswith("upkeep.purge  ")][:1]
    assert "nothing" in line
    assert "30 21 * * *" in line
    assert ":30" in line


def test_a_job_is_run_by_hand(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    app = new_app()
    flask = command_of(app)
    monkeypatch.setitem(JOBS, "tests.job", Job("tests.job", "For tests.", lambda turn: turn.report(2, 3) or 3, 60.0))
    done = flask("jobs", "run", "tests.job")
    assert (done.exit_code, done.stdout) == (0, "tests.job: 3 done.\n")
    monkeypatch.setitem(JOBS, "tests.job", Job("tests.job", "For tests.", lambda turn: 1 // 0, 60.0))
    assert flask("jobs", "run", "tests.job").exit_code == 1
    with app.app_context():
        run(
            lambda: queue(
                "INSERT INTO job_runs (id, kind, status, created_at, heartbeat_at)"
                " VALUES (gen_random_uuid(), 'tests.job', 'running', now(), now())"
            )
        )
    busy = flask("jobs", "run", "tests.job")
    assert busy.exit_code == 1
    assert "running already" in busy.stderr
    assert "running 0" in flask("jobs", "list").stdout


def test_an_unknown_job_is_refused_with_the_list(new_app: Callable[..., Flask]) -> None:
    refused = command_of(new_app())("jobs", "run", "make.coffee")
    assert refused.exit_code == 1
    assert "There is no job make.coffee." in refused.stderr
    assert "upkeep.purge" in refused.stderr
