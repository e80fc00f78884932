"""The streak of one jar: advanced by each movement in constant time, or recomputed from all of them.

Pure. Amounts are integer minor units, days are the saver's local dates. A jar's periods run from the one that
holds ``first_day`` to the last that is over before ``last_day``; a flexible jar has none. A period is met
when what counts for it reaches the installment, or is above zero where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from app.periods import GRACE_DAYS, Period, Plan, closes_on, period_of, shift, start_of, steps

DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class JarTerms:
    """What a jar asks for.

    ``installment``: minor units for each period, above zero, or None. ``pauses``: first and last day of each, both
    inclusive; a period that touches one and is not met is passed over. ``since``: the day on which a jar that begins in
    the past was made; what closed before neither earns nor uses a freeze.
    ``last_day``: the day after the jar's end date, or the day on which it was closed. The period that holds it
    does not count, and nothing is open after it. ``filled``: where the target was reached before that, the day whose
    period, and any later one, does not count any more; the grace of the one before goes on as it would have.
    """

    plan: Plan
    installment: int | None
    first_day: date
    last_day: date | None = None
    pauses: tuple[tuple[date, date], ...] = ()
    since: date = date.min
    filled: date | None = None

    def __post_init__(self) -> None:
        if self.installment is not None and self.installment <= 0:
            raise ValueError("an installment is above zero")

    def met(self, net: int) -> bool:
        """Whether ``net`` minor units are enough for a period."""
        return net > 0 if self.installment is None else net >= self.installment

    def counts(self, period: Period) -> bool:
        """Whether this is one of the jar's periods."""
        over = self.last_day if self.filled is None else self.filled
        return period.end >= self.first_day and (over is None or period.end < over)

    @property
    def ends(self) -> date | None:
        """The day as of which the streak stays as it is, but for a period in its grace; None where there is none."""
        return min((day for day in (self.last_day, self.filled) if day is not None), default=None)

    def paused(self, period: Period) -> bool:
        """Whether a pause touches the period."""
        return any(first <= period.end and period.start <= last for first, last in self.pauses)

    def open_until(self, period: Period) -> date:
        """The last day on which the period is open: its grace's, cut short by the jar's last day."""
        closes = closes_on(self.plan, period)
        return closes if self.last_day is None else min(closes, self.last_day)


@dataclass(frozen=True, slots=True)
class StreakState:
    """All that the next movement needs to know of those before it; a new jar has ``StreakState()``.

    ``period_start``: first day of the newest period with a movement. ``net``: minor units that count for it,
    ``previous_net``: for the period right before it. ``run``: how many met or late periods in a row end right
    before that previous one. ``longest``: the largest streak there has been. ``kept_through``: unmet periods that end
    by this day are passed over, being frozen or paused; one that broke the streak has set ``run`` to zero after it.
    """

    period_start: date | None = None
    net: int = 0
    previous_net: int = 0
    run: int = 0
    longest: int = 0
    kept_through: date | None = None

    def kept(self, end: date) -> bool:
        """Whether a closed unmet period that ended on ``end`` is passed over."""
        return self.kept_through is not None and end <= self.kept_through


@dataclass(frozen=True, slots=True)
class StreakReading:
    """A streak as it stands on one day.

    ``at_risk``: there is a streak, and a period that would break it is unmet in its grace or on its last day.
    ``due_by``: the day by which the next deposit is due. For an unmet period in its grace that is the day it
    closes; otherwise the end of the first unmet period from today's on, because the grace is leniency and not
    a date to aim for. None when no period is left. ``period``: the one that holds the day, if it is one of
    the jar's, and ``period_net`` what counts for it so far.
    """

    current: int
    longest: int
    at_risk: bool
    due_by: date | None
    period: Period | None
    period_net: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Minor units on a local date, a deposit above zero or a withdrawal below.

    ``reverses_day`` marks a reversal: the local date of what it reverses, on which it counts. Its amount has
    the sign opposite to what it reverses.
    """

    day: date
    amount: int
    reverses_day: date | None = None


@dataclass(frozen=True, slots=True)
class PeriodState:
    """One period from its movements alone. ``net``: minor units that count for it.

    ``open`` lasts until the grace is over, whether met already or not. ``late``: met within the grace only. ``paused``:
    not met, and a pause touches it. Which of the missed ones are ``frozen`` is for habit.py to say: freezes are the
    saver's.
    """

    period: Period
    state: Literal["open", "met", "late", "frozen", "paused", "missed"]
    net: int


def advance(state: StreakState, terms: JarTerms, day: date, amount: int) -> StreakState:
    """The state after ``amount`` minor units on ``day``, a deposit above zero or a withdrawal below.

    Movements come in the order of their days; a reversal, or a movement of an earlier day than one already
    counted, needs ``replay``. ValueError for a day before the newest period. What lies outside the jar's
    periods changes nothing.
    """
    plan, last_day = terms.plan, terms.last_day
    if plan == Plan.FLEXIBLE or (last_day is not None and day > last_day):
        return state
    start = start_of(plan, day)
    if state.period_start is None:
        if start < start_of(plan, terms.first_day):
            return state
    elif start < state.period_start:
        raise ValueError(f"{day} lies before the newest period, from {state.period_start}")
    run, previous_net, net = _seen_from(start, state, terms)
    if amount > 0 and not terms.met(previous_net) and _can_fill_previous(day, start, terms):
        owed = amount if terms.installment is None else min(amount, terms.installment - previous_net)
        previous_net += owed
        amount -= owed
    net += amount
    current = _up_to(start, run, previous_net, state, terms, still_open=_can_fill_previous(day, start, terms))
    if terms.met(net) and (last_day is None or start_of(plan, last_day) > start):
        current += 1
    return StreakState(start, net, previous_net, run, max(state.longest, current), state.kept_through)


def net_of(period: Period, state: StreakState, plan: Plan) -> int:
    """What counts for ``period``, in minor units, where it is not older than the one before the newest movement's."""
    if state.period_start is None or period.start > state.period_start:
        return 0
    if period.start == state.period_start:
        return state.net
    if shift(plan, period, 1).start == state.period_start:
        return state.previous_net
    raise ValueError(f"the period from {period.start} is too old for this state")


def run_before(state: StreakState, terms: JarTerms, period: Period) -> int:
    """How long the streak is that ends right before ``period``. ValueError for a period too old."""
    net_of(period, state, terms.plan)
    if state.period_start is not None and period.start < state.period_start:
        return state.run
    run, previous_net, _ = _seen_from(period.start, state, terms)
    return _chained(run, terms.met(previous_net), period.start - DAY, state)


def close(state: StreakState, terms: JarTerms, period: Period, *, kept: bool) -> StreakState:
    """The state after ``period`` closed unmet, its grace over: passed over where it is ``kept``, else the streak ends.

    Periods close in their order, and before any movement two periods later is taken in; closing one again changes
    nothing. ValueError for a period too old.
    """
    net_of(period, state, terms.plan)
    following = shift(terms.plan, period, 1)
    if kept:
        state = replace(state, kept_through=max(state.kept_through or period.end, period.end))
        run, _, net = _seen_from(following.start, state, terms)
        current = run + (terms.counts(following) and terms.met(net))
        return replace(state, longest=max(state.longest, current))
    if state.period_start is None:
        return state
    if state.period_start == following.start:
        return replace(state, run=0)
    previous_net = state.net if state.period_start == period.start else 0
    return StreakState(following.start, 0, previous_net, 0, state.longest, state.kept_through)


def read(state: StreakState, terms: JarTerms, today: date) -> StreakReading:
    """The streak on ``today``; a day before the newest movement's period is taken for that period's first.

    ValueError if ``terms`` end before the newest movement: such a change needs ``replay``.
    """
    if state.period_start is not None:
        today = max(today, state.period_start)
    day = today if terms.ends is None else min(today, terms.ends)
    period = period_of(terms.plan, day)
    if period is None:
        return StreakReading(0, 0, False, None, None, 0)
    if state.period_start is not None and period.start < state.period_start:
        raise ValueError("the jar ended before its newest movement")
    if period.end < terms.first_day:
        first = period_of(terms.plan, terms.first_day)
        due_by = first.end if first is not None and terms.counts(first) else None
        return StreakReading(0, state.longest, False, due_by, None, 0)

    run, previous_net, net = _seen_from(period.start, state, terms)
    over = terms.last_day is not None and today > terms.last_day
    previous_open = not over and _can_fill_previous(today, period.start, terms)
    current = _up_to(period.start, run, previous_net, state, terms, still_open=previous_open)
    counts = terms.counts(period)
    if counts and terms.met(net):
        current += 1

    due_by, last_chance = None, False
    if previous_open and not terms.met(previous_net):
        due_by, last_chance = terms.open_until(shift(terms.plan, period, -1)), True
    elif counts and not terms.met(net) and not terms.paused(period):
        due_by, last_chance = period.end, day == period.end
    else:
        following = shift(terms.plan, period, 1)
        while terms.paused(following) and terms.counts(following):
            following = shift(terms.plan, following, 1)
        due_by = following.end if terms.counts(following) else None
    at_risk = last_chance and current > 0
    if not counts or today not in period:
        return StreakReading(current, state.longest, at_risk, due_by, None, 0)
    return StreakReading(current, state.longest, at_risk, due_by, period, net)


def replay(terms: JarTerms, movements: Iterable[Movement]) -> StreakState:
    """The state after all ``movements``, which come in the order in which they were booked.

    One that counts for an earlier day than another before it, as a reversal does, has all before it
    recomputed; otherwise the time is linear. ``longest`` never falls by a reversal, and a reversal that mends
    an old run of periods lets that run count.
    """
    state, seen, newest = StreakState(), [], date.min
    for movement in movements:
        seen.append(movement)
        if movement.reverses_day is None and movement.day >= newest:
            newest = movement.day
            state = advance(state, terms, movement.day, movement.amount)
            continue
        recomputed = StreakState()
        for day, amount in counted(seen):
            recomputed = advance(recomputed, terms, day, amount)
        state = replace(recomputed, longest=max(state.longest, recomputed.longest))
    return state


def counted(movements: Iterable[Movement]) -> list[tuple[date, int]]:
    """Days and signed amounts after the reversals, in the order of days.

    A reversal takes away what it reverses as if that had not been made: the newest movement of the day with
    just that amount, else (the jar held less than the deposit) the newest ones until the amount is used up.
    Whatever finds nothing to take away counts as a movement of its own on that day.
    """
    kept: list[tuple[date, int]] = []
    for movement in movements:
        day, rest = movement.reverses_day or movement.day, movement.amount
        if movement.reverses_day is not None:
            of_day = [index for index in range(len(kept) - 1, -1, -1) if kept[index][0] == day]
            exact = [index for index in of_day if kept[index][1] == -rest][:1]
            for index in exact or of_day:
                there = kept[index][1]
                if there * rest < 0:
                    taken = min(abs(there), abs(rest)) * (1 if rest > 0 else -1)
                    kept[index] = day, there + taken
                    rest -= taken
        if rest:
            kept.append((day, rest))
    return sorted((entry for entry in kept if entry[1]), key=lambda entry: entry[0])


def period_states(terms: JarTerms, movements: Iterable[Movement], today: date) -> list[PeriodState]:
    """Every period of the jar up to ``today``, oldest first, from the movements up to then; [] for flexible.

    The definition that ``advance`` and ``read`` must agree with: a sum for every period and no other state.
    """
    period = period_of(terms.plan, terms.first_day)
    nets: dict[date, int] = {}
    periods: list[Period] = []
    while period is not None and terms.counts(period) and period.start <= today:
        periods.append(period)
        nets[period.start] = 0
        period = shift(terms.plan, period, 1)
    nets_at_end = dict(nets)
    for day, amount in counted(movement for movement in movements if movement.day <= today):
        own = period_of(terms.plan, day)
        if own is None:
            return []
        if terms.last_day is not None and day > terms.last_day:
            continue
        rest = amount
        older = shift(terms.plan, own, -1)
        unmet = older.start in nets and not terms.met(nets[older.start]) and not terms.paused(older)
        if amount > 0 and unmet and day <= terms.open_until(older):
            late = amount if terms.installment is None else min(amount, terms.installment - nets[older.start])
            nets[older.start] += late
            rest -= late
        if own.start in nets:
            nets[own.start] += rest
            nets_at_end[own.start] += rest

    states: list[PeriodState] = []
    for period in periods:
        net = nets[period.start]
        state: Literal["open", "met", "late", "paused", "missed"] = "paused" if terms.paused(period) else "missed"
        if today <= terms.open_until(period):
            state = "open"
        elif terms.met(nets_at_end[period.start]):
            state = "met"
        elif terms.met(net):
            state = "late"
        states.append(PeriodState(period, state, net))
    return states


def _seen_from(start: date, state: StreakState, terms: JarTerms) -> tuple[int, int, int]:
    """``run``, ``previous_net`` and ``net`` as they stand for the period that begins on ``start``."""
    if state.period_start is None:
        return 0, 0, 0
    ahead = steps(terms.plan, state.period_start, start)
    if ahead == 0:
        return state.run, state.previous_net, state.net
    run = _chained(state.run, terms.met(state.previous_net), state.period_start - DAY, state)
    if ahead == 1:
        return run, state.net, 0
    after = _next_start(terms.plan, state.period_start)
    run = _chained(run, terms.met(state.net), after - DAY, state)
    if ahead > 2:
        run = _chained(run, False, _previous_start(terms.plan, start) - DAY, state)
    return run, 0, 0


def _chained(run: int, met: bool, end: date, state: StreakState) -> int:
    """The run after one more closed period, or several unmet ones, up to ``end``."""
    return run + 1 if met else run if state.kept(end) else 0


def _up_to(start: date, run: int, previous_net: int, state: StreakState, terms: JarTerms, *, still_open: bool) -> int:
    """The streak before the period from ``start``, whose previous one may be ``still_open``."""
    if terms.met(previous_net):
        return run + 1
    if still_open or state.kept(start - DAY):
        return run
    # A pause counts before its period is closed, because nobody can end it any more.
    return run if terms.pauses and terms.paused(Period(_previous_start(terms.plan, start), start - DAY)) else 0


def _next_start(plan: Plan, start: date) -> date:
    return start + DAY if plan == Plan.DAILY else start_of(plan, start + timedelta(7 if plan == Plan.WEEKLY else 31))


def _previous_start(plan: Plan, start: date) -> date:
    return start_of(plan, start - DAY)


def _can_fill_previous(day: date, start: date, terms: JarTerms) -> bool:
    """Whether on ``day``, in the period from ``start``, the jar's period before that one can still be met."""
    return (
        start > terms.first_day
        and day < start + timedelta(GRACE_DAYS[terms.plan])
        and not (terms.pauses and terms.paused(Period(_previous_start(terms.plan, start), start - DAY)))
    )
