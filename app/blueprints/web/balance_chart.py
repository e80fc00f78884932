"""A jar's balance over time, its target and where the pace leads, as points of a drawing: values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from app.services.savings.balances import Balance
from app.services.savings.jar import JarView

WIDTH, HEIGHT = 320, 150
LEFT, RIGHT, TOP, BOTTOM = 1, 7, 22, 22
#: A line through fewer days than this says nothing that the number beside it does not.
FEWEST_DAYS = 3
#: What is to come takes at most as long as what was, and at least this.
LEAST_AHEAD = timedelta(days=28)
#: Lines of the table; beyond, one for each month.
MOST_LINES = 31


@dataclass(frozen=True, slots=True)
class BalanceChart:
    """``path``: the balance up to today, a step at each change; ``area`` closes it to the ground. ``ahead``: the pace
    from today on, None without one. ``target_y``: the height of the target; ``end``: where the jar stands now.
    ``full_on``: the day on which the pace reaches the target, None where it never does or has; ``last_day``: the right
    end of the drawing; ``lines``: the same for a table, newest first."""

    path: str
    area: str
    ahead: str | None
    target_y: float
    end: tuple[float, float]
    first: Balance
    last: Balance
    full_on: date | None
    last_day: date
    today: date
    lines: list[Balance]


def chart(balances: Sequence[Balance], view: JarView) -> BalanceChart | None:
    """The drawing of ``balances`` (oldest first); None where there is too little to see."""
    jar, today = view.jar, view.today
    if not balances or (today - balances[0].day).days < FEWEST_DAYS:
        return None
    first, last = balances[0], Balance(today, balances[-1].held)
    full_on = view.projected_completion_date if jar.status == "active" else None
    until = jar.closed_on if jar.closed_on is not None else today
    end_day = _last_day(first.day, today, full_on) if jar.status == "active" else until
    top = max(jar.target_amount, max(one.held for one in balances))
    across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    days = max(1, (end_day - first.day).days)

    def x(day: date) -> float:
        return round(LEFT + across * (min(day, end_day) - first.day).days / days, 1)

    def y(held: float) -> float:
        return round(TOP + up * (1 - held / top), 1)

    ground = TOP + up
    path = f"M{x(first.day)} {ground}V{y(first.held)}"
    for one in balances[1:]:
        path += f"H{x(one.day)}V{y(one.held)}"
    end = (x(until), y(last.held))
    path += f"H{end[0]}"
    ahead = None
    if full_on is not None and full_on > today and end_day > today:
        share = min(1.0, (end_day - today).days / (full_on - today).days)
        ahead = f"M{end[0]} {end[1]}L{x(end_day)} {y(last.held + share * (jar.target_amount - last.held))}"
    return BalanceChart(
        path=path,
        area=f"{path}V{ground}H{LEFT}Z",
        ahead=ahead,
        target_y=y(jar.target_amount),
        end=end,
        first=first,
        last=last,
        full_on=full_on,
        last_day=end_day,
        today=today,
        lines=_lines(balances),
    )


def _last_day(begun: date, today: date, full_on: date | None) -> date:
    if full_on is None or full_on <= today:
        return today
    return min(full_on, today + max(today - begun, LEAST_AHEAD))


def _lines(balances: Sequence[Balance]) -> list[Balance]:
    if len(balances) <= MOST_LINES:
        return list(reversed(balances))
    months = [list(group)[-1] for _, group in groupby(balances, key=lambda one: (one.day.year, one.day.month))]
    return list(reversed(months))
