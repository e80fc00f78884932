"""What to put aside next: into which jar, and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.periods import Plan, start_of, steps
from app.services.savings.histories import HistoryRow
from app.services.savings.jar import JarView

#: For a jar that says nothing of an amount: fifty rupees.
A_START = 5_000
WHOLE_UNIT = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``amount`` minor units into ``jar``."""

    jar: JarView
    amount: int


def next_deposit(jars: Sequence[JarView], recent: Sequence[HistoryRow]) -> Suggestion | None:
    """The deposit that is due next among active ``jars``; where none is due, into the jar used last. None without one.

    ``recent``: the saver's movements, newest first, for the amount that was put in last.
    """
    active = [jar for jar in jars if jar.jar.status == "active" and jar.jar.start_date <= jar.today]
    if not active:
        return None
    due = [jar for jar in active if jar.streak.due_by is not None]
    if due:
        chosen = min(due, key=lambda jar: jar.streak.due_by or date.max)
    else:
        order = {row.jar_id: place for place, row in reversed(list(enumerate(recent)))}
        chosen = min(active, key=lambda jar: order.get(jar.jar.id, len(recent)))
    return Suggestion(chosen, amount_for(chosen, recent))


def amount_for(view: JarView, recent: Sequence[HistoryRow] = ()) -> int:
    """Minor units that suit the jar now: what its period still lacks, what was put in last, or a start."""
    jar, there = view.jar, view.streak.period_net
    last = next((row.amount for row in recent if row.jar_id == jar.id and row.type == "deposit"), None)
    wanted = jar.installment_amount or last or pace_needed(view) or A_START
    if jar.installment_amount is not None and 0 < there < jar.installment_amount:
        wanted = jar.installment_amount - there
    remaining = jar.target_amount - jar.current_amount
    return min(wanted, remaining) if remaining > 0 else wanted


def pace_needed(view: JarView) -> int | None:
    """Minor units for each period from this one on (weeks for a flexible jar) that reach the target by the end date.

    Rounded up to a whole unit of the currency; None where there is no end to come, or nothing is left.
    """
    jar = view.jar
    remaining = jar.target_amount - jar.current_amount
    if jar.status != "active" or jar.end_date is None or view.today > jar.end_date or remaining <= 0:
        return None
    plan = Plan.WEEKLY if jar.plan_type == Plan.FLEXIBLE else Plan(jar.plan_type)
    first = max(view.today, jar.start_date)
    periods = steps(plan, start_of(plan, first), start_of(plan, jar.end_date)) + 1
    return -(-remaining // (periods * WHOLE_UNIT)) * WHOLE_UNIT
