"""Keeping the leaderboards up."""

from __future__ import annotations

from uuid import UUID

from app import clock
from app.extensions import celery
from app.services.gamification import boards
from app.transactions import run


@celery.task(name="gamification.refresh_standings")
def refresh_standings(messages: list[dict[str, str]]) -> None:
    """Bring the places of these savers up to what is committed."""
    savers = {UUID(message["user_id"]) for message in messages}
    run(lambda: boards.refresh(savers, at=clock.now()))
