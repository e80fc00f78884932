"""The Celery application of a Flask application, and what beat starts when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery import Celery, Task
from flask import Flask

from app import observability
from app.services.ops.job_runs import Job
from app.services.ops.jobs import JOBS, next_start, timetable
from app.tasks.outbox import publish

MODULES = (
    "app.tasks.jobs",
    "app.tasks.savings",
    "app.tasks.boards",
    "app.tasks.credit",
    "app.tasks.notifications",
    "app.tasks.identity",
    "app.tasks.privacy",
)
#: A start that nobody has taken by then is left to the next one.
MOST_EXPIRY = 600.0


def _entry(job: Job) -> dict[str, Any]:
    if isinstance(job.schedule, float):
        expires = min(MOST_EXPIRY, 10 * job.schedule)
    else:
        first = next_start(job, after=datetime.now(UTC))
        expires = min(MOST_EXPIRY, (next_start(job, after=first) - first).total_seconds())
    return {"task": job.name, "schedule": timetable(job), "options": {"expires": expires}}


SCHEDULE: dict[str, dict[str, Any]] = {job.name: _entry(job) for job in JOBS.values()}


def init_celery(app: Flask, celery: Celery) -> None:
    """Bind ``celery`` to ``app``: every task runs in its application context, configured for money.

    JSON only; a task is acknowledged when it is done, so that a worker that dies loses nothing; short socket
    time-outs, so that a frozen broker holds nobody up.
    """

    class ContextTask(Task):  # type: ignore[misc]
        abstract = True

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return self.run(*args, **kwargs)

    celery.Task = ContextTask
    celery.conf.update(
        broker_url=app.config["REDIS_URL"] or "memory://",
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_lost_wait=1.0,  # there is no result of a killed process to wait for
        worker_prefetch_multiplier=1,
        task_soft_time_limit=540,
        task_time_limit=600,
        task_default_queue="chhota",
        broker_transport_options={
            # So long after a whole worker has died, another gets what it held. A task that is still at work is handed
            # out again too, and bears it: a job begins only where none of its kind runs, the others are quick or lease.
            "visibility_timeout": 100,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "global_keyprefix": "chhota:",
            # For publishing: kombu's own patience is six seconds, in which the relay would hold its rows. The worker's
            # is another setting (broker_connection_max_retries).
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
        },
        broker_connection_retry_on_startup=True,
        redis_socket_timeout=5,
        redis_socket_connect_timeout=2,
        task_publish_retry=False,
        timezone="UTC",
        enable_utc=True,
        imports=MODULES,
        beat_schedule=SCHEDULE,
        beat_max_loop_interval=5,
    )
    celery.set_default()
    observability.init_celery(celery)
    app.extensions["celery"] = celery
    app.extensions["publish"] = publish
