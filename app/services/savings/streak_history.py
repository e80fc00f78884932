"""What counts for a jar's streak, out of its transactions."""

from __future__ import annotations

from app.ledger.accounts import CREDITS
from app.services.gamification.streaks import Movement
from app.transactions import fetch

# Interest, prizes and fees move the balance and not the streak: the saver did not put them in.
COUNTED = ("deposit", "withdraw", "transfer_in", "transfer_out")


def movements_of(jar_id: object) -> list[Movement]:
    """What counts for a jar's streak, in the order it was booked: a reversal on the day of what it reverses."""
    rows = fetch(
        "SELECT t.date, t.type, t.amount, o.date, o.type"
        " FROM transactions t LEFT JOIN transactions o ON o.id = t.reversal_of"
        " WHERE t.jar_id = %s ORDER BY t.recorded_at, t.id",
        (jar_id,),
    )
    movements = []
    for day, kind, amount, reversed_day, reversed_kind in rows:
        if kind in COUNTED:
            movements.append(Movement(day, amount if kind in CREDITS else -amount))
        elif reversed_kind in COUNTED:
            taken_back = -amount if reversed_kind in CREDITS else amount
            movements.append(Movement(day, taken_back, reverses_day=reversed_day))
    return movements
