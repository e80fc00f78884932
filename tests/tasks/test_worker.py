"""A worker as it is started in production, and a message's whole way through it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from flask import Flask

import config as settings
from app.extensions import celery
from app.transactions import fetch, run
from tests import factories
from tests.conftest import ROOT
from tests.tasks.test_savings import cached

PATIENCE = 120.0  # seconds, on a machine that is busy with other tests


@pytest.fixture
def worker(tasks_app: Flask, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {name: value for name, value in os.environ.items() if name not in settings.NAMES}
    values = {
        name: str(tasks_app.config[name]) for name in settings.NAMES if not isinstance(tasks_app.config[name], bool)
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
