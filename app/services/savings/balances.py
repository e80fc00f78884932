"""What a jar held over time: a few points of its past, whatever the length of its history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.services.savings.jar import JarView
from app.transactions import fetch

#: The most points that are read of one jar: more than a phone has pixels to tell apart are of no use.
MOST_POINTS = 90


@dataclass(frozen=True, slots=True)
class Balance:
    """What the jar held at the end of ``day``, in minor units."""

    day: date
    held: int


def over_time(view: JarView) -> list[Balance]:
    """The jar's balance at the end of days on which it changed, oldest first; of a long history, every so many days.

    The last point is always what the jar holds. Two statements.
    """
    rows = fetch("SELECT date FROM transactions WHERE jar_id = %s ORDER BY occurred_at, id LIMIT 1", (view.jar.id,))
    if not rows:
        return []
    # Whole days to a point, counted back from today, so that the newest is never left out.
    step = max(1, -(-((view.today - rows[0][0]).days + 1) // MOST_POINTS))
    points = fetch(
        "SELECT DISTINCT ON (part) date, balance_after FROM (SELECT date, balance_after, occurred_at, id,"
        " (%s - date) / %s AS part FROM transactions WHERE jar_id = %s) AS parted"
        " ORDER BY part DESC, occurred_at DESC, id DESC",
        (view.today, step, view.jar.id),
    )
    return [Balance(day, held) for day, held in points]
