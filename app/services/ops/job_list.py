"""Every job with when it runs, how it last went, and what of it is under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.services.ops import job_runs, jobs, trying_again
from app.services.ops.job_runs import JobRun, Mark


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job of the registry. ``last``: how it last went. ``under_way``: its run that is ordered or goes on.

    ``by_hand``: whether staff may begin it by its name.
    """

    name: str
    about: str
    schedule: str
    next_at: datetime
    last: Mark | None
    under_way: JobRun | None
    by_hand: bool


def scheduled() -> list[Scheduled]:
    """Every job."""
    now, marks, running = datetime.now(UTC), job_runs.marks(), job_runs.running()
    return [
        Scheduled(
            job.name,
            job.about,
            f"every {job.schedule:g} s" if isinstance(job.schedule, float) else job.schedule,
            jobs.next_start(job, after=now),
            marks.get(job.name),
            running.get(job.name),
            trying_again.is_ordered_by_name(job),
        )
        for job in jobs.JOBS.values()
    ]
