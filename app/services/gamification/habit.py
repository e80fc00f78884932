"""What all jars of a saver have in common: the freezes, and the closing of periods that earns and uses them.

Pure. Periods close one after the other, by the day on which their grace is over, then by their ends, then by the order
of the jars. Each that was met (or met late) earns; each that was missed uses a freeze where one is held. So freezes are
a function of the history alone, whatever runs late or twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from app.periods import Period, Plan, period_of, shift
from app.services.gamification.streaks import (
    DAY,
    JarTerms,
    Movement,
    PeriodState,
    StreakState,
    advance,
    close,
    counted,
    net_of,
    period_states,
    run_before,
)

#: What a met period earns, in parts of a freeze: seven days, four weeks or two months make one.
EARNED: Final[Mapping[Plan, int]] = {Plan.DAILY: 4, Plan.WEEKLY: 7, Plan.MONTHLY: 14}
PARTS_OF_A_FREEZE: Final = 28
MOST_FREEZES: Final = 2

Outcome = Literal["met", "frozen", "paused", "missed"]


@dataclass(frozen=True, slots=True)
class Freezes:
    """What a saver holds: whole freezes, and ``parts`` of the next (28 make one)."""

    held: int = 0
    parts: int = 0

    def after_met(self, plan: Plan) -> Freezes:
        """After a met period; nothing accrues while two are held."""
        if self.held >= MOST_FREEZES:
            return self
        more, parts = divmod(self.parts + EARNED[plan], PARTS_OF_A_FREEZE)
        return Freezes(self.held + more, parts)


@dataclass(frozen=True, slots=True)
class Closed:
    """A period of the jar with that ``index``, closed on ``day`` with this outcome.

    ``streak``: where it was missed or frozen, how long the streak was that ended right before it; otherwise 0.
    ``freezes``: how many were left after it.
    """

    index: int
    period: Period
    day: date
    outcome: Outcome
    streak: int
    freezes: int


def closings(terms: JarTerms, *, after: date, through: date) -> Iterator[tuple[date, Period]]:
    """The jar's periods whose last open day lies after ``after`` and not after ``through``, each with that day."""
    # The oldest that can still be open after ``after`` is the one before the period that holds it.
    holding = period_of(terms.plan, max(after, terms.first_day - DAY))
    if holding is None:
        return
    period = shift(terms.plan, holding, -1)
    while period.start <= through:
        if terms.counts(period):
            day = terms.open_until(period)
            if after < day <= through and day >= terms.since:
                yield day, period
        period = shift(terms.plan, period, 1)


def catch_up(
    freezes: Freezes, jars: Sequence[tuple[JarTerms, StreakState]], *, after: date, through: date
) -> tuple[Freezes, list[StreakState], list[Closed]]:
    """Close what is due after the day ``after`` up to ``through``, which is yesterday at the latest.

    ``jars`` in the order in which they were made. Freezes, states and what was closed, in order. Done again with the
    new values and ``after=through`` it closes nothing.
    """
    states = [state for _, state in jars]
    due = sorted(
        (day, period.end, index, period)
        for index, (terms, _) in enumerate(jars)
        for day, period in closings(terms, after=after, through=through)
    )
    closed = []
    for day, _, index, period in due:
        terms = jars[index][0]
        outcome: Outcome
        streak = 0
        if terms.met(net_of(period, states[index], terms.plan)):
            outcome, freezes = "met", freezes.after_met(terms.plan)
        else:
            outcome, freezes = _unmet(freezes, paused=terms.paused(period))
            streak = 0 if outcome == "paused" else run_before(states[index], terms, period)
            states[index] = close(states[index], terms, period, kept=outcome != "missed")
        closed.append(Closed(index, period, day, outcome, streak, freezes.held))
    return freezes, states, closed


@dataclass(frozen=True, slots=True)
class JarToReplay:
    """A jar's terms for closing its periods and for taking in movements, and what moved, in the order of booking.

    The two differ for a jar that was completed: a movement on that day still counts, a period after it does not.
    """

    terms: JarTerms
    booking: JarTerms
    movements: Sequence[Movement]


def replay(jars: Sequence[JarToReplay], *, through: date) -> tuple[Freezes, list[StreakState], list[Closed]]:
    """Freezes and states after all movements, with every period closed up to the day ``through``, as ``catch_up``."""
    events = sorted(
        (day, index, number, amount)
        for index, jar in enumerate(jars)
        for number, (day, amount) in enumerate(counted(jar.movements))
    )
    freezes, states, closed = Freezes(), [StreakState() for _ in jars], []
    after = min((jar.terms.first_day for jar in jars), default=through) - DAY
    for day, index, _, amount in [*events, (through + DAY, -1, 0, 0)]:
        if day - DAY > after:
            now = [(jar.terms, state) for jar, state in zip(jars, states, strict=True)]
            freezes, states, more = catch_up(freezes, now, after=after, through=min(day - DAY, through))
            closed += more
            after = day - DAY
        if index >= 0:
            states[index] = advance(states[index], jars[index].booking, day, amount)
    return freezes, states, closed


@dataclass(frozen=True, slots=True)
class JarHistory:
    """A jar as its whole history shows it: every period up to today, and the streak then."""

    periods: list[PeriodState]
    current: int


def from_history(jars: Sequence[tuple[JarTerms, Iterable[Movement]]], today: date) -> tuple[Freezes, list[JarHistory]]:
    """Freezes and jars on ``today`` from the movements alone: the slow definition of all that is kept and advanced."""
    periods = [period_states(terms, movements, today) for terms, movements in jars]
    due = sorted(
        (terms.open_until(one.period), one.period.end, index, number)
        for index, (terms, _) in enumerate(jars)
        for number, one in enumerate(periods[index])
        if one.state != "open" and terms.open_until(one.period) >= terms.since
    )
    freezes = Freezes()
    for _, _, index, number in due:
        one = periods[index][number]
        if one.state in ("met", "late"):
            freezes = freezes.after_met(jars[index][0].plan)
        elif one.state == "missed":
            outcome, freezes = _unmet(freezes, paused=False)
            if outcome == "frozen":
                periods[index][number] = replace(one, state="frozen")
    return freezes, [JarHistory(states, _run(terms, states)) for (terms, _), states in zip(jars, periods, strict=True)]


def _unmet(freezes: Freezes, *, paused: bool) -> tuple[Outcome, Freezes]:
    if paused:
        return "paused", freezes
    if freezes.held:
        return "frozen", replace(freezes, held=freezes.held - 1)
    return "missed", freezes


def _run(terms: JarTerms, periods: Iterable[PeriodState]) -> int:
    run = 0
    for one in periods:
        if one.state in ("met", "late") or (one.state == "open" and terms.met(one.net)):
            run += 1
        elif one.state == "missed":
            run = 0
    return run
