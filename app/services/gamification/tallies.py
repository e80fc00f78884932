"""How many of a saver's periods closed, and how many on time: counted as they close, or from all of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.periods import Period, Plan, period_of, shift, start_of
from app.services.gamification.habit import Closed, JarHistory
from app.services.gamification.streaks import DAY, JarTerms

#: So many periods at least close in a month that can be called on time as a whole.
LEAST_OF_A_MONTH: Final = 4


@dataclass(frozen=True, slots=True)
class Tallies:
    """How many periods closed, and how many of them on time: in the week and the month of a day, and ever.

    A period belongs to the week (Monday to Sunday) and the month of the day on which it closed. Met and late are on
    time, frozen and missed are not; what a pause excused is not counted.
    """

    week_closed: int = 0
    week_on_time: int = 0
    month_closed: int = 0
    month_on_time: int = 0
    all_closed: int = 0
    all_on_time: int = 0


def tally(tallies: Tallies, closed: Sequence[Closed], *, after: date, through: date) -> Tallies:
    """The tallies of the day ``through``: those of the day ``after``, and what closed in between."""
    week, month = start_of(Plan.WEEKLY, through), start_of(Plan.MONTHLY, through)
    of_week, of_month, of_all = (_counts(closed, first, through) for first in (week, month, date.min))
    if after >= week:
        of_week = of_week[0] + tallies.week_closed, of_week[1] + tallies.week_on_time
    if after >= month:
        of_month = of_month[0] + tallies.month_closed, of_month[1] + tallies.month_on_time
    return Tallies(*of_week, *of_month, tallies.all_closed + of_all[0], tallies.all_on_time + of_all[1])


def months_on_time(tallies: Tallies, closed: Sequence[Closed], *, after: date, through: date) -> list[Period]:
    """The months that ended after the day ``after`` and by ``through``, and in which all that closed was on time.

    ``tallies`` are those of the day ``after``. Four periods closed in such a month at least.
    """
    month = _month(after + DAY)
    before = (tallies.month_closed, tallies.month_on_time) if after >= month.start else (0, 0)
    found = []
    while month.end <= through:
        all_of_it, on_time = _counts(closed, month.start, month.end)
        if all_of_it + before[0] == on_time + before[1] >= LEAST_OF_A_MONTH:
            found.append(month)
        month, before = shift(Plan.MONTHLY, month, 1), (0, 0)
    return found


def tallies_from_history(jars: Sequence[tuple[JarTerms, JarHistory]], through: date) -> Tallies:
    """The tallies of the day ``through`` from the periods of ``from_history``: their slow definition."""
    counts = []
    for first in (start_of(Plan.WEEKLY, through), start_of(Plan.MONTHLY, through), date.min):
        states = [
            one.state
            for terms, history in jars
            for one in history.periods
            if max(first, terms.since) <= terms.open_until(one.period) <= through
        ]
        on_time = states.count("met") + states.count("late")
        counts += [on_time + states.count("frozen") + states.count("missed"), on_time]
    return Tallies(*counts)


def _counts(closed: Iterable[Closed], first: date, last: date) -> tuple[int, int]:
    outcomes = [one.outcome for one in closed if first <= one.day <= last and one.outcome != "paused"]
    return len(outcomes), outcomes.count("met")


def _month(day: date) -> Period:
    month = period_of(Plan.MONTHLY, day)
    assert month is not None
    return month
