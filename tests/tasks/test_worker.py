"""A worker as it is started in production, and a message's whole way through it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import redis
from flask import Flask

import config as settings
from app.extensions import celery
from app.integrations import saver_cache
from app.services.credit.scoring import FEATURE_SETS
from app.transactions import fetch, run
from tests import factories
from tests.conftest import ROOT
from tests.tasks.test_savings import cached

PATIENCE = 120.0  # seconds, on a machine that is busy with other tests


@pytest.fixture
def worker(tasks_app: Flask, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if name not in settings.NAMES}
    values = {
        name: ",".join(value) if isinstance(value, tuple) else str(value)
        for name in settings.NAMES
        if not isinstance(value := tasks_app.config[name], bool)
    }
    log = (tmp_path / "worker.log").open("wb")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "wsgi:celery",
            "worker",
            "-P",
            "solo",
            "--without-mingle",
            "--without-gossip",
        ],
        cwd=ROOT,
        env={**environment, **values},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        finally:
            process.kill()
            log.close()


def test_a_deposit_reaches_the_cache_through_relay_and_worker(
    tasks_app: Flask, worker: subprocess.Popen[bytes], broker: redis.Redis, tmp_path: Path
) -> None:
    saver = factories.make_saver(tasks_app)
    saver.get("/api/streaks/")  # somebody reads it
    saver.deposit(saver.jar())
    assert cached(saver) is None
    celery.send_task("outbox.relay")  # as beat does each second
    deadline = time.monotonic() + PATIENCE
    while (streak := cached(saver)) is None:
        assert worker.poll() is None, (tmp_path / "worker.log").read_text()
        assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
        time.sleep(0.05)
    assert (streak["current"], streak["unit"]) == (1, "days")
    assert run(lambda: fetch("SELECT count(*) FROM outbox")) == [(0,)]


def test_a_deposit_moves_the_score_through_relay_and_worker_within_five_seconds(
    tasks_app: Flask, worker: subprocess.Popen[bytes], broker: redis.Redis, tmp_path: Path
) -> None:
    def score(saver: factories.Saver) -> tuple[datetime, float] | None:
        rows = run(lambda: fetch("SELECT as_of, features FROM credit_scores WHERE user_id = %s", (saver.id,)))
        return (rows[0][0], dict(zip(FEATURE_SETS[1], rows[0][1], strict=True))["known"]) if rows else None

    def relayed(until: Callable[[], bool]) -> None:
        sent = -1.0
        deadline = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() - sent >= 1:  # as beat does each second
                celery.send_task("outbox.relay")
                sent = time.monotonic()
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
            time.sleep(0.02)

    saver = factories.make_saver(tasks_app)
    jar = saver.jar()
    saver.deposit(jar)
    relayed(lambda: score(saver) is not None)  # the worker has started
    before = score(saver)
    assert before is not None
    assert before[1] == 1
    # What a page has read is kept under the token of before.
    saver_cache.remembered("score", saver.id, "now", lambda: "before")
    began = time.monotonic()
    saver.withdraw(jar)
    answered = time.monotonic() - began
    relayed(lambda: (score(saver) or before)[1] == 0)
    took = time.monotonic() - began
    after = score(saver)
    assert after is not None
    assert after[0] > before[0]
    assert answered < took < 5
    relayed(lambda: saver_cache.remembered("score", saver.id, "now", lambda: "after") == "after")
