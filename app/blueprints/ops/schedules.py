"""How often a job runs, in words: its hours stand beside them in the reader's zone."""

from __future__ import annotations

from datetime import datetime


def how_often(schedule: str, next_at: datetime) -> str:
    """``schedule`` (a crontab in UTC, or "every 20 s") as people say it.

    ``next_at``: when it is next, in the reader's zone, where its day may be another. What has no short words stands as
    it is.
    """
    if schedule.startswith("every "):
        return {"every 1 s": "every second"}.get(schedule, schedule.removesuffix(" s") + " seconds")
    minute, hour, *days = schedule.split()
    if hour == "*" and days == ["*", "*", "*"]:
        return _within_the_hour(minute) or schedule
    if minute.isdigit() and hour.isdigit() and days[:2] == ["*", "*"]:
        if days[2] == "*":
            return "every day"
        if days[2].isdigit():
            return f"every {next_at:%A}"
    return schedule


def _within_the_hour(minute: str) -> str | None:
    if minute == "*":
        return "every minute"
    if minute.startswith("*/"):
        return f"every {minute[2:]} minutes"
    minutes = [int(one) for one in minute.split(",") if one.isdigit()]
    if len(minutes) == 1:
        return "every hour"
    gaps = {(later - earlier) % 60 for earlier, later in zip(minutes, [*minutes[1:], minutes[0]], strict=True)}
    return f"every {gaps.pop()} minutes" if len(gaps) == 1 else None
