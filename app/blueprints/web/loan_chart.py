"""What was paid of a loan over time beside its plan, as points of a drawing: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.services.loans.loan import LoanView
from app.services.loans.payments import Made

WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 1, 7, 22, 22


@dataclass(frozen=True, slots=True)
class LoanChart:
    """``path``: what was paid up to ``until``, a step at each payment; ``area`` closes it to the ground. ``plan``: the
    same as it was agreed. ``end``: where it stands now; ``total_y``: the height of all instalments together.

    ``paid`` of ``total`` minor units, late charges left out; ``instalments`` paid of ``of``. ``lines``: days with what
    was paid by then, newest first.
    """

    path: str
    area: str
    plan: str
    end: tuple[float, float]
    total_y: float
    paid: int
    total: int
    instalments: int
    of: int
    first_day: date
    until: date
    last_day: date
    lines: list[tuple[date, int]]


def chart(view: LoanView, payments: Sequence[Made]) -> LoanChart | None:
    """The drawing of a loan; None where nothing was agreed, or where all of it was undone."""
    begun = view.loan.accepted_on
    if begun is None or view.status == "cancelled":
        return None
    book = view.book
    until = view.loan.ended_on or view.today
    last_day = max(book[-1].due_on, until)
    total = sum(row.total - row.waived for row in book)
    across, up, days = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, (last_day - begun).days
    ground = TOP + up

    def x(day: date) -> float:
        return round(LEFT + across * (min(max(day, begun), last_day) - begun).days / days, 1)

    def y(amount: int) -> float:
        return round(TOP + up * (1 - min(amount, total) / total), 1)

    plan, agreed = f"M{LEFT} {ground}", 0
    for row in book:
        agreed += row.total - row.waived
        plan += f"H{x(row.due_on)}V{y(agreed)}"
    path, paid = f"M{LEFT} {ground}", 0
    lines: list[tuple[date, int]] = []
    for made in payments:
        paid += made.principal + made.interest
        path += f"H{x(made.made_on)}V{y(paid)}"
        if lines and lines[-1][0] == made.made_on:
            lines.pop()
        lines.append((made.made_on, paid))
    end = (x(until), y(paid))
    path += f"H{end[0]}"
    return LoanChart(
        path=path,
        area=f"{path}V{ground}H{LEFT}Z",
        plan=plan,
        end=end,
        total_y=y(total),
        paid=paid,
        total=total,
        instalments=sum(row.paid_on is not None for row in book),
        of=len(book),
        first_day=begun,
        until=until,
        last_day=last_day,
        lines=list(reversed(lines)),
    )
