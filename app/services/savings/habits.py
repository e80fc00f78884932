"""The saver's habit on one page: streaks of all jars, freezes, and a calendar of deposits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.services.identity.principal import Principal
from app.services.savings.calendar import Day, deposit_days
from app.services.savings.closing import keep_up
from app.services.savings.jar import COLUMNS, WIDTH, Jar, JarView, view
from app.services.savings.overview import MOST_JARS, SaverStreak, best_streak
from app.transactions import fetch


@dataclass(frozen=True, slots=True)
class Habits:
    """``streak`` is the saver's own; ``jars`` those with periods that are not closed, oldest first."""

    streak: SaverStreak
    freezes_left: int
    jars: list[JarView]
    calendar: list[Day]


def habits(saver: Principal, *, at: datetime) -> Habits:
    """Everything about the saver's habit on the day of ``at``, in two queries."""
    keep_up(saver, at=at)
    today = saver.zone.date(at)
    rows = fetch(
        f"SELECT {COLUMNS}, h.freezes_held FROM savings_jars j JOIN saver_habits h ON h.user_id = j.user_id"  # noqa: S608
        " WHERE j.user_id = %s AND j.status <> 'closed' ORDER BY j.created_at, j.id LIMIT %s",
        (saver.id, MOST_JARS),
    )
    jars = [view(Jar(*row[:WIDTH]), today) for row in rows]
    return Habits(
        best_streak(jars),
        rows[0][WIDTH] if rows else 0,
        [jar for jar in jars if jar.jar.plan_type != "flexible"],
        deposit_days(saver.id, today),
    )
