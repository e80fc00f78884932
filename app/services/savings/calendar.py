"""Days and periods to look at: a row of lamps for a jar or the saver's own streak, and a calendar of deposits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from app.periods import Period, Plan, period_of, shift
from app.services.gamification.streaks import PeriodState, period_states
from app.services.savings.jar import JarView
from app.services.savings.overview import Overview
from app.services.savings.streak_history import movements_by_jar
from app.transactions import fetch

#: Whole weeks, the one that holds today among them.
CALENDAR_WEEKS = 16
#: Lamps side by side.
ROW = 7
#: ``open`` is a period that can still be met; ``none`` a past day that nothing asked for.
LampState = Literal["met", "late", "open", "frozen", "paused", "missed", "future", "none"]


@dataclass(frozen=True, slots=True)
class Lamp:
    """One period of the row. ``now``: it holds today."""

    period: Period
    state: LampState
    now: bool


def recent(view: JarView, *, count: int = ROW) -> list[Lamp]:
    """The jar's last ``count`` periods, oldest first, then those to come up to a full row; [] for a flexible jar.

    An open period that is met already is ``met``. Two queries.
    """
    return rows([view], count=lambda _: count)[view.jar.id]


def rows(views: Sequence[JarView], *, count: Callable[[JarView], int]) -> dict[UUID, list[Lamp]]:
    """``recent`` for several jars by their ids, in two queries for all of them."""
    asked = {view.jar.id: _depends_on(view, count(view)) for view in views if view.jar.plan_type != Plan.FLEXIBLE}
    moved = movements_by_jar(asked) if asked else {}
    counting = [view for view in views if view.jar.id in asked]
    shown = {}
    for view in counting:
        terms, since = view.jar.terms, asked[view.jar.id]
        terms = replace(terms, first_day=max(terms.first_day, since))
        shown[view.jar.id] = period_states(terms, moved[view.jar.id], view.today)[-count(view) :]
    dark = [jar_id for jar_id, states in shown.items() if any(one.state == "missed" for one in states)]
    frozen = _frozen(dark) if dark else frozenset()
    lit = {view.jar.id: _lamps(view, shown[view.jar.id], frozen, count(view)) for view in counting}
    return {view.jar.id: lit.get(view.jar.id, []) for view in views}


def _depends_on(view: JarView, count: int) -> date:
    """The first day whose movements the jar's last ``count`` periods depend on.

    Days depend on nothing but themselves. What a week or month lacks is filled by the next one, and so on from the
    first: there are few of those.
    """
    if view.jar.plan_type != Plan.DAILY:
        return date.min
    ends = view.jar.terms.ends
    return (view.today if ends is None else min(view.today, ends)) - timedelta(days=count)


def _lamps(view: JarView, shown: list[PeriodState], frozen: frozenset[tuple[UUID, date]], count: int) -> list[Lamp]:
    terms, today = view.jar.terms, view.today
    lamps = []
    for one in shown:
        state: LampState = "met" if one.state == "open" and terms.met(one.net) else one.state
        if state == "missed" and (view.jar.id, one.period.start) in frozen:
            state = "frozen"
        elif state == "open" and terms.paused(one.period):
            state = "paused"
        lamps.append(Lamp(one.period, state, today in one.period))
    full = min(-(-max(len(lamps), 1) // ROW) * ROW, count)
    following = shift(terms.plan, lamps[-1].period, 1) if lamps else period_of(terms.plan, terms.first_day)
    while following is not None and len(lamps) < full and terms.counts(following) and following.end >= today:
        lamps.append(Lamp(following, "future", today in following))
        following = shift(terms.plan, following, 1)
    return lamps


def _frozen(jar_ids: Sequence[UUID]) -> frozenset[tuple[UUID, date]]:
    return frozenset(
        (jar_id, day)
        for jar_id, day in fetch(
            "SELECT jar_id, period_start FROM frozen_periods WHERE jar_id = ANY(%s::uuid[])",
            ([str(jar_id) for jar_id in jar_ids],),
        )
    )


def of_home(overview: Overview, best: JarView | None) -> list[Lamp]:
    """The lamps of the saver's own streak: the week of ``best`` where that is a daily jar, else its last periods.

    Without a jar that counts: the week's days, ``met`` where there was a deposit. Two queries at most.
    """
    if best is not None and best.jar.plan_type != Plan.DAILY:
        return recent(best)
    own = {lamp.period: lamp.state for lamp in recent(best)} if best is not None else {}
    lamps = []
    for offset in range(7):
        day = overview.week.start + timedelta(days=offset)
        state: LampState = "none"
        if day in overview.deposit_days:
            state = "met"
        elif day >= overview.today:
            state = "open" if day == overview.today else "future"
        period = Period(day, day)
        lamps.append(Lamp(period, own.get(period, state), day == overview.today))
    return lamps


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar: how many deposits, and minor units put in."""

    date: date
    deposits: int
    amount: int


def deposit_days(user_id: UUID, today: date) -> list[Day]:
    """Each day from a Monday ``CALENDAR_WEEKS`` weeks back up to ``today``, with what was put in and not taken back."""
    return deposit_days_of({user_id: today})[user_id]


def deposit_days_of(todays: Mapping[UUID, date]) -> dict[UUID, list[Day]]:
    """The same for several savers, each with a day of their own, in one query."""
    firsts = {
        user: today - timedelta(days=today.weekday() + 7 * (CALENDAR_WEEKS - 1)) for user, today in todays.items()
    }
    first = min(firsts.values(), default=date.max)
    found = {
        (user, day): (int(deposits), int(amount))
        for user, day, deposits, amount in fetch(
            "SELECT t.user_id, t.date, count(*), sum(t.amount) FROM transactions t"
            " WHERE t.user_id = ANY(%s::uuid[]) AND t.occurred_at >= %s AND t.date >= %s AND t.type = 'deposit'"
            " AND NOT EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id) GROUP BY t.user_id, t.date",
            # The index is by instant: two days before the first date hold for every zone.
            ([str(user) for user in todays], first - timedelta(days=2), first),
        )
    }
    calendars = {}
    for user, today in todays.items():
        days = [firsts[user] + timedelta(days=number) for number in range((today - firsts[user]).days + 1)]
        calendars[user] = [Day(day, *found.get((user, day), (0, 0))) for day in days]
    return calendars


@dataclass(frozen=True, slots=True)
class BestMonth:
    """The month (its first day) with the most days on which something was put in, and how many those were."""

    month: date
    days: int


def best_month(user_id: UUID) -> BestMonth | None:
    """The saver's best calendar month, the latest of several; None before the first deposit."""
    found = fetch(
        "SELECT date_trunc('month', t.date)::date, count(DISTINCT t.date) FROM transactions t"
        " WHERE t.user_id = %s AND t.type = 'deposit'"
        " AND NOT EXISTS (SELECT FROM transactions r WHERE r.reversal_of = t.id)"
        " GROUP BY 1 ORDER BY 2 DESC, 1 DESC LIMIT 1",
        (user_id,),
    )
    return BestMonth(*found[0]) if found else None
