"""What follows a movement."""

from __future__ import annotations

from uuid import UUID

from app.extensions import celery
from app.services.savings.aftermath import refresh
from app.transactions import run


@celery.task(name="savings.refresh")
def refresh_after_movement(user_id: str, transaction_id: str) -> None:
    """Bring the caches about a saver up to what is committed."""
    run(lambda: refresh(UUID(user_id)))
