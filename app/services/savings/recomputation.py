"""A jar's streak from its transactions alone: where something lies in the past that a movement cannot advance."""

from __future__ import annotations

from dataclasses import replace

from app.ledger.accounts import CREDITS
from app.periods import Plan, period_of
from app.services.gamification.streaks import Movement, replay
from app.services.savings.jar import Jar
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


def recompute(jar: Jar) -> None:
    """Set the jar's streak state from its transactions; ``longest`` never falls. Nothing is written."""
    longest = jar.streak_longest
    terms = jar.terms
    if jar.completed_on is not None:
        # Whether the period of completion counts is known once its sum is: take it in, and let the terms decide.
        terms = replace(terms, last_day=None)
    jar.streak_state = replay(terms, [m for m in movements_of(jar.id) if _within(jar, m)])
    jar.streak_longest = max(longest, jar.streak_longest)


def _within(jar: Jar, movement: Movement) -> bool:
    if jar.completed_on is None:
        return True
    period = period_of(Plan(jar.plan_type), jar.completed_on)
    return period is None or (movement.reverses_day or movement.day) <= period.end
