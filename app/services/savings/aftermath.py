"""What follows movements, once they are committed: called by the worker, a second later, perhaps twice."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from app import clock
from app.services.gamification import boards
from app.services.savings import streak_summary


def refresh(user_ids: Iterable[UUID]) -> None:
    """Write what is cached about these savers anew, as committed now: a few queries and calls of Redis for all."""
    savers, at = list(user_ids), clock.now()
    streak_summary.refresh(savers, at=at)
    boards.refresh(savers, at=at)
