"""What counts for a jar's streak, out of its transactions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from app.ledger.accounts import CREDITS
from app.services.gamification.streaks import Movement
from app.transactions import fetch

# Interest, prizes and fees move the balance and not the streak: the saver did not put them in.
COUNTED = ("deposit", "withdraw", "transfer_in", "transfer_out")


def movements_of(jar_id: UUID) -> list[Movement]:
    """What counts for a jar's streak, in the order it was booked: a reversal on the day of what it reverses."""
    return movements_by_jar({jar_id: date.min})[jar_id]


def movements_by_jar(since: Mapping[UUID, date]) -> dict[UUID, list[Movement]]:
    """The same for several jars, each from a day on, in one query."""
    rows = fetch(
        "SELECT t.jar_id, t.date, t.type, t.amount, o.date, o.type"
        " FROM unnest(%s::uuid[], %s::date[]) AS asked (jar_id, since) JOIN transactions t ON t.jar_id = asked.jar_id"
        " LEFT JOIN transactions o ON o.id = t.reversal_of"
        # The index is by instant: two days before the day hold for every zone. A reversal comes after what it reverses.
        " WHERE t.occurred_at >= asked.since - interval '2 days' AND coalesce(o.date, t.date) >= asked.since"
        " ORDER BY t.recorded_at, t.id",
        ([str(jar_id) for jar_id in since], list(since.values())),
    )
    movements: dict[UUID, list[Movement]] = {jar_id: [] for jar_id in since}
    for jar_id, day, kind, amount, reversed_day, reversed_kind in rows:
        if kind in COUNTED:
            movements[jar_id].append(Movement(day, amount if kind in CREDITS else -amount))
        elif reversed_kind in COUNTED:
            taken_back = -amount if reversed_kind in CREDITS else amount
            movements[jar_id].append(Movement(day, taken_back, reverses_day=reversed_day))
    return movements
