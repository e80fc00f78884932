"""Removing what has served its time."""

from __future__ import annotations

from datetime import UTC, datetime

from app.extensions import celery
from app.services.ops.upkeep import purge
from app.transactions import run


@celery.task(name="upkeep.purge")
def purge_expired() -> dict[str, int]:
    """Delete old idempotency records and sign-ins; counts by table."""
    return run(lambda: purge(now=datetime.now(UTC)))
