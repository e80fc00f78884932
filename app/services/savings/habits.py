"""The saver's habit on one page: streaks of all jars, freezes, and a calendar of deposits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.services.gamification.streak_cache import SaverStreak
from app.services.identity.principal import Principal
from app.services.savings.closing import keep_up
from app.services.savings.jar import COLUMNS, WIDTH, Jar, JarView, view
from app.services.savings.overview import MOST_JARS, best_streak
from app.transactions import fetch

#: Whole weeks, the one that holds today among them.
CALENDAR_WEEKS = 16


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar: how many deposits, and minor units put in."""

    date: date
    deposits: int
    amount: int


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
        calendar(saver.id, today),
    )


def calendar(user_id: UUID, today: date) -> list[Day]:
    """Each day from a Monday ``CALENDAR_WEEKS`` weeks back up to ``today``, with what was put in and not taken back."""
    first = today - timedelta(days=today.weekday() + 7 * (CALENDAR_WEEKS - 1))
    found = {
        day: (int(deposits), int(amount))
        for day, deposits, amount in fetch(
            "SELECT t.date, count(*), sum(t.amount) FROM transactions t"
            " WHERE t.user_id = %s AND t.occurred_at >= %s AND t.date >= %s AND t.type = 'deposit'"
            " AND NOT EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id) GROUP BY t.date",
            # The index is by instant: two days before the first date hold for every zone.
            (user_id, first - timedelta(days=2), first),
        )
    }
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    return [Day(day, *found.get(day, (0, 0))) for day in days]
