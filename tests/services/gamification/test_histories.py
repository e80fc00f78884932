"""A saver's whole habit over random histories: what each step advances, and what all the movements alone say.

`make test` goes through 2,000 histories, `make test-long` through 100,000 (HYPOTHESIS_PROFILE=long). A history is made
of bytes, four for each step, which is what makes so many of them affordable.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.periods import Period, Plan, SaverZone, start_of_day
from app.services.gamification.habit import (
    Freezes,
    JarToReplay,
    catch_up,
    from_history,
    replay,
)
from app.services.gamification.streaks import DAY, JarTerms, Movement, StreakState, advance, counted, read
from app.services.gamification.tallies import Tallies, tallies_from_history, tally

common = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
settings.register_profile("usual", common, max_examples=2_000, derandomize=True)
settings.register_profile("long", common, max_examples=100_000)
PROFILE = settings.get_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))

ZONES = [
    "Asia/Kolkata",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Pacific/Apia",
    "Pacific/Pago_Pago",
    "Pacific/Kiritimati",
    "Europe/London",
    "America/Santiago",  # its clocks change at midnight
]
# Days around which something is special.
STARTS = [
    datetime(2024, 2, 26, 12, tzinfo=UTC),  # 29 February
    datetime(2023, 2, 26, 12, tzinfo=UTC),
    datetime(2026, 3, 6, 3, tzinfo=UTC),  # New York, 8 March
    datetime(2026, 10, 30, 20, tzinfo=UTC),  # New York, 1 November
    datetime(2026, 4, 2, 9, tzinfo=UTC),  # Lord Howe, 5 April
    datetime(2026, 9, 4, 9, tzinfo=UTC),  # Santiago, 6 September
    datetime(2025, 12, 29, 18, 29, 59, 999_000, tzinfo=UTC),
    datetime(2011, 12, 27, 9, tzinfo=UTC),  # Apia has no 30 December
]
PLANS = {"daily": [Plan.DAILY], "weekly": [Plan.WEEKLY], "monthly": [Plan.MONTHLY], "mixed": list(Plan)}
MOST_JARS = 3
TICK = timedelta(milliseconds=1)


class History:
    """A saver with jars, advanced step by step as the services do it, and all that moved."""

    def __init__(self, at: datetime, zone: str) -> None:
        self.at = at
        self.zone = SaverZone(zone)
        self.terms: list[JarTerms] = []
        self.states: list[StreakState] = []
        self.movements: list[list[Movement]] = []
        self.longest: list[int] = []
        self.freezes, self.tallies = Freezes(), Tallies()
        self.outcomes: dict[tuple[int, Period], str] = {}
        self.through = self.today - DAY

    @property
    def today(self) -> date:
        return self.zone.date(self.at)

    @property
    def jars(self) -> list[tuple[JarTerms, StreakState]]:
        return list(zip(self.terms, self.states, strict=True))

    # ---- as the services do it ----

    def close_through(self, day: date) -> None:
        if day <= self.through:
            return
        self.freezes, self.states, closed = catch_up(self.freezes, self.jars, after=self.through, through=day)
        self.tallies = tally(self.tallies, closed, after=self.through, through=day)
        for one in closed:
            assert (one.index, one.period) not in self.outcomes, "a period closes once"
            self.outcomes[one.index, one.period] = one.outcome
        self.through = day

    def go_through(self, day: date) -> None:
        histories = [JarToReplay(terms, terms, moved) for terms, moved in zip(self.terms, self.movements, strict=True)]
        self.freezes, states, closed = replay(histories, through=day)
        self.states = [
            replace(new, longest=max(old.longest, new.longest)) for old, new in zip(self.states, states, strict=True)
        ]
        self.tallies = tally(Tallies(), closed, after=date.min, through=day)
        self.outcomes = {(one.index, one.period): one.outcome for one in closed}
        self.through = day

    def new_jar(self, plan: Plan, first: int, last: int, installment: int | None) -> None:
        self.close_through(self.today - DAY)
        begins = self.today + timedelta(first)
        ends = None if last < 0 else begins + timedelta(last + 1)
        self.terms.append(JarTerms(plan, installment, begins, ends, since=self.today))
        self.states.append(StreakState())
        self.movements.append([])
        self.longest.append(0)
        self.mend()

    def move(self, which: int, amount: int, *, late: bool = False) -> None:
        """``late``: the day was closed for everybody before the movement had the saver's lock."""
        self.close_through(self.today if late else self.today - DAY)
        self.movements[which].append(Movement(self.today, amount))
        if self.through >= self.today:
            self.mend()
        else:
            self.states[which] = advance(self.states[which], self.terms[which], self.today, amount)
            self.look(which, self.today)

    def reverse(self, which: int, number: int) -> None:
        self.close_through(self.today - DAY)
        wrong = self.movements[which][number % len(self.movements[which])]
        if wrong.reverses_day is None:
            self.movements[which].append(Movement(self.today, -wrong.amount, reverses_day=wrong.day))
            self.go_through(self.today - DAY)
            self.look_back()

    def pause(self, which: int, days: int) -> None:
        self.close_through(self.today - DAY)
        earlier = list(self.terms[which].pauses)
        first = earlier.pop()[0] if earlier and earlier[-1][1] >= self.today - DAY else self.today
        until = min(self.today + timedelta(days), first + timedelta(29))
        if until >= self.today:
            self.terms[which] = replace(self.terms[which], pauses=(*earlier, (first, until)))
            self.mend()

    def resume(self, which: int) -> None:
        self.close_through(self.today - DAY)
        earlier = list(self.terms[which].pauses)
        if earlier and earlier[-1][1] >= self.today:
            first, _ = earlier.pop()
            if first < self.today:
                earlier.append((first, self.today - DAY))
            self.terms[which] = replace(self.terms[which], pauses=tuple(earlier))
            self.mend()

    def mend(self) -> None:
        """Where the day was closed before what happened on it."""
        if self.through >= self.today:
            self.go_through(self.today)
            self.look_back()

    # ---- from the movements alone ----

    def look(self, which: int, today: date) -> None:
        """Let the slow longest streak see this moment."""
        _, histories = from_history(list(zip(self.terms, self.movements, strict=True)), today)
        self.longest[which] = max(self.longest[which], histories[which].current)

    def look_back(self) -> None:
        """Let it see every moment of the history as it is told now: without what was reversed, in the order of days."""
        events = sorted(
            (day, which, number, amount)
            for which, movements in enumerate(self.movements)
            for number, (day, amount) in enumerate(counted(movements))
        )
        known: list[list[Movement]] = [[] for _ in self.terms]
        for day, which, _, amount in events:
            known[which].append(Movement(day, amount))
            _, histories = from_history(list(zip(self.terms, known, strict=True)), day)
            self.longest[which] = max(self.longest[which], histories[which].current)

    def check(self) -> None:
        """What is kept equals what the movements say, on the day after the last one that is closed."""
        self.close_through(self.today - DAY)
        today = self.through + DAY
        held, histories = from_history(list(zip(self.terms, self.movements, strict=True)), today)
        with_terms = list(zip(self.terms, histories, strict=True))
        assert self.freezes == held
        assert self.tallies == tallies_from_history(with_terms, self.through)
        assert self.outcomes == {
            (index, one.period): "met" if one.state == "late" else one.state
            for index, (terms, history) in enumerate(with_terms)
            for one in history.periods
            if one.state != "open" and terms.open_until(one.period) >= terms.since
        }
        for index, (terms, history) in enumerate(with_terms):
            seen = read(self.states[index], terms, today)
            assert seen.current == history.current
            assert seen.longest == self.longest[index]


def step(history: History, plans: list[Plan], when: int, what: int, which: int, size: int) -> None:
    kind = when % 9
    if kind in (2, 3, 4):  # a millisecond before midnight, midnight, a millisecond after it
        midnight = start_of_day(history.today + DAY, history.zone.at(history.at))
        history.at = max(history.at, midnight + (kind - 3) * TICK)
    elif kind in (5, 6):
        history.at += timedelta(days=1)
    elif kind == 7:
        history.at += timedelta(hours=size % 40)
    elif kind == 8:
        history.at += timedelta(days=size % 9 if plans == [Plan.DAILY] else size % 40)
    jar = which % len(history.terms)
    action = what % 20
    if action < 9:
        history.move(jar, [5, 5, 5, 2, 9][size % 5])
    elif action < 11:
        history.move(jar, [-5, -3][size % 2])
    elif action == 11:
        history.move(jar, 5, late=True)
    elif action in (12, 13) and history.movements[jar]:
        history.reverse(jar, size)
    elif action == 14:
        history.pause(jar, size % 30)
    elif action == 15:
        history.resume(jar)
    elif action == 16:
        history.zone = history.zone.changed(history.at, ZONES[size % len(ZONES)])
    elif action == 17 and len(history.terms) < MOST_JARS:
        new_jar(history, plans, which, size)
    else:
        history.check()


def new_jar(history: History, plans: list[Plan], which: int, size: int) -> None:
    first = [0, 0, 0, 3, -10, -40][which % 6]
    last = size % 80 if which % 4 == 0 else -1
    history.new_jar(plans[size % len(plans)], first, last, None if size % 3 == 0 else 1 + size % 5)


@pytest.mark.parametrize("plans", PLANS)
@settings(PROFILE, max_examples=PROFILE.max_examples // len(PLANS))
@given(st.binary(min_size=28, max_size=160))
def test_what_is_kept_equals_what_the_movements_say(plans: str, made_of: bytes) -> None:
    start, zone, which, size = made_of[:4]
    history = History(STARTS[start % len(STARTS)], ZONES[zone % len(ZONES)])
    new_jar(history, PLANS[plans], which, size)
    for at in range(4, len(made_of) - 3, 4):
        step(history, PLANS[plans], *made_of[at : at + 4])
    history.check()
    for days in (1, 9, 40):
        history.at += timedelta(days=days)
        history.check()
