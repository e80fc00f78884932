"""What follows movements, once they are committed: called by the worker, a second later, perhaps twice."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from app import clock
from app.periods import SaverZone
from app.services.gamification import streak_cache
from app.services.savings.jar import COLUMNS, WIDTH, Jar, view
from app.services.savings.overview import best_streak
from app.transactions import fetch


def refresh(user_ids: Iterable[UUID]) -> None:
    """Write these savers' streaks into the cache anew, as committed now: one query and one call of Redis for all."""
    rows = fetch(
        f"SELECT {COLUMNS}, u.time_zone, u.time_zone_next, u.time_zone_from"  # noqa: S608  constants only
        " FROM savings_jars j JOIN users u ON u.id = j.user_id"
        " WHERE j.user_id = ANY(%s::uuid[]) AND j.status <> 'closed' ORDER BY j.user_id, j.created_at, j.id",
        ([str(user_id) for user_id in user_ids],),
    )
    now = clock.now()
    streaks = {}
    for user_id, group in groupby(rows, key=lambda row: row[1]):
        jars = list(group)
        today = SaverZone(*jars[0][WIDTH:]).date(now)
        streaks[user_id, today] = best_streak([view(Jar(*row[:WIDTH]), today) for row in jars])
    streak_cache.keep(streaks)
