"""What follows a movement."""

from __future__ import annotations

from uuid import UUID

from app.extensions import celery
from app.services.savings.aftermath import refresh
from app.transactions import run


@celery.task(name="savings.refresh")
def refresh_after_movements(messages: list[dict[str, str]]) -> None:
    """Bring the caches about the savers of these movements up to what is committed."""
    savers = {UUID(message["user_id"]) for message in messages}
    run(lambda: refresh(savers))
