"""A task for each job of the registry, and one that begins what was ordered."""

from __future__ import annotations

from typing import Any

from app.extensions import celery
from app.services.ops.job_runs import Job, perform
from app.services.ops.jobs import JOBS, perform_ordered


@celery.task(name="jobs.begin")
def begin_ordered(messages: list[dict[str, Any]]) -> None:
    """Begin the runs that these messages are about."""
    perform_ordered([message["kind"] for message in messages])


def _task_of(job: Job) -> None:
    # ``messages``: of a topic that wants the job to run.
    @celery.task(name=job.name)
    def run_job(messages: list[dict[str, Any]] | None = None) -> None:
        perform(job)


for _job in JOBS.values():
    _task_of(_job)
