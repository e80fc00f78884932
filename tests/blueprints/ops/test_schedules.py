"""How often a job runs, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.blueprints.ops.schedules import how_often
from app.services.ops import jobs

MONDAY_IN_KOLKATA = datetime(2026, 7, 19, 20, 40, tzinfo=UTC).astimezone(ZoneInfo("Asia/Kolkata"))


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("every 1 s", "every second"),
        ("every 20 s", "every 20 seconds"),
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("0,15,30,45 * * * *", "every 15 minutes"),
        ("3,13,23,33,43,53 * * * *", "every 10 minutes"),
        ("7 * * * *", "every hour"),
        ("15 22 * * *", "every day"),
        ("40 20 * * 0", "every Monday"),  # a Sunday in UTC
        ("0,10 * * * *", "0,10 * * * *"),
        ("0 6 1 * *", "0 6 1 * *"),
        ("0 */6 * * *", "0 */6 * * *"),
    ],
)
def test_a_schedule_in_words(schedule: str, said: str) -> None:
    assert how_often(schedule, MONDAY_IN_KOLKATA) == said


def test_every_job_of_the_list_has_words() -> None:
    for job in jobs.JOBS.values():
        schedule = f"every {job.schedule:g} s" if isinstance(job.schedule, float) else job.schedule
        assert "*" not in how_often(schedule, MONDAY_IN_KOLKATA + timedelta(days=1)), job.name
