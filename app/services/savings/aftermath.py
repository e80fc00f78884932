"""What follows a movement, once it is committed: called by the worker, seconds later, perhaps twice."""

from __future__ import annotations

from uuid import UUID

from app import clock
from app.periods import SaverZone
from app.services.gamification import streak_cache
from app.services.savings.overview import streak_of
from app.transactions import fetch


def refresh(user_id: UUID) -> None:
    """Write the saver's streak into the cache anew, as committed now. Nothing for a saver who is gone."""
    rows = fetch("SELECT time_zone, time_zone_next, time_zone_from FROM users WHERE id = %s", (user_id,))
    if not rows:
        return
    today = SaverZone(*rows[0]).date(clock.now())
    streak_cache.keep(user_id, today, streak_of(user_id, today))
