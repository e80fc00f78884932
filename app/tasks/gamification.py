"""What the passing of days does to streaks."""

from __future__ import annotations

from dataclasses import asdict

from app import clock
from app.extensions import celery
from app.services.ops.closing import close_days


@celery.task(name="gamification.close_days")
def close_days_that_are_over() -> dict[str, int]:
    """Close every day that is over for its savers; how much was closed. Commits chunk by chunk."""
    return asdict(close_days(clock.now()))
