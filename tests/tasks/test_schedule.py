from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.extensions import celery
from app.services.ops.jobs import JOBS
from app.tasks import outbox
from app.tasks.schedule import MODULES, SCHEDULE
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def loaded(app: Flask) -> None:
    celery.loader.import_default_modules()


def own_tasks() -> list[str]:
    return [name for name in celery.tasks if not name.startswith("celery.")]


def test_every_module_of_tasks_is_loaded_by_the_worker() -> None:
    there = {f"app.tasks.{file.stem}" for file in (ROOT / "app" / "tasks").glob("*.py")}
    assert set(MODULES) == there - {"app.tasks.__init__", "app.tasks.schedule", "app.tasks.outbox"}
    assert {celery.tasks[name].__module__ for name in own_tasks()} == set(MODULES)


def test_every_job_of_the_registry_is_a_task_that_beat_starts() -> None:
    assert {entry["task"] for entry in SCHEDULE.values()} == set(JOBS) <= set(own_tasks())
    for job in JOBS.values():
        assert job.about.endswith(".")
        assert len(job.name) <= 64


def test_every_task_goes_to_the_queue_that_the_worker_reads() -> None:
    names = own_tasks()
    assert names
    for name in names:
        assert celery.amqp.router.route({}, name)["queue"].name == celery.conf.task_default_queue == "chhota"


def test_every_task_can_be_delivered_twice_and_never_waits_for_a_result() -> None:
    assert celery.conf.task_acks_late
    assert celery.conf.task_reject_on_worker_lost
    assert celery.conf.accept_content == ["json"]
    assert celery.conf.task_ignore_result
    assert celery.conf.result_backend is None
    overridden = {"acks_late", "reject_on_worker_lost", "ignore_result", "serializer", "queue"}
    for module in MODULES:
        source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                keywords = {keyword.arg for call in node.decorator_list for keyword in getattr(call, "keywords", [])}
                assert keywords.isdisjoint(overridden), node.name


def test_what_a_dead_worker_held_is_another_s_within_two_minutes() -> None:
    assert celery.conf.task_soft_time_limit < celery.conf.task_time_limit
    look_every = 10  # seconds: how often kombu looks for what nobody acknowledged
    assert celery.conf.broker_transport_options["visibility_timeout"] + look_every < 120


def test_what_runs_each_second_does_not_pile_up_behind_a_worker_that_is_away() -> None:
    for name, entry in SCHEDULE.items():
        schedule = JOBS[name].schedule
        most = 600 if isinstance(schedule, str) else 10 * schedule
        assert entry["options"]["expires"] <= most


def test_the_seal_is_hourly_and_the_purge_once_a_day() -> None:
    for name, most in (("ledger.seal", timedelta(hours=1)), ("upkeep.purge", timedelta(days=1))):
        schedule = SCHEDULE[name]["schedule"]
        start = datetime(2026, 7, 15, tzinfo=UTC)
        assert schedule.remaining_estimate(start) is not None
        first = start + schedule.remaining_delta(start)[1]
        assert first - start <= most


def topics() -> Iterator[str]:
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "enqueue":
                assert isinstance(node.args[0], ast.Constant), (
                    f"{file}: a topic is written out, so that it can be found"
                )
                yield node.args[0].value


def test_every_topic_has_a_receiver_and_every_receiver_is_a_task() -> None:
    sent = set(topics())
    assert sent
    assert sent == set(outbox.RECEIVERS)
    assert {task for tasks in outbox.RECEIVERS.values() for task in tasks} <= set(own_tasks())
