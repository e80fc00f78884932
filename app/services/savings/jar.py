"""A jar as plain values: what is locked, advanced and shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.models.savings import JAR_STATES, PLAN_TYPES
from app.periods import Period, Plan, period_of
from app.services.gamification.streaks import JarTerms, StreakReading, StreakState, read

__all__ = ["COLUMNS", "JAR_STATES", "PLAN_TYPES", "UNITS", "WIDTH", "Jar", "JarView", "view"]

COLUMNS = (
    "j.id, j.user_id, j.name, j.plan_type, j.target_amount, j.installment_amount, j.current_amount, j.start_date,"
    " j.end_date, j.status, j.completed_on, j.closed_on, j.auto_deposit, j.streak_longest, j.streak_run,"
    " j.streak_period, j.streak_net, j.streak_previous_net, j.streak_kept_through, j.pauses, j.created_at, j.made_on"
)
WIDTH = COLUMNS.count(",") + 1
#: What a streak of each plan is counted in.
UNITS = {"daily": "days", "weekly": "weeks", "monthly": "months", "flexible": "days"}
# A pace that would take longer than this is no forecast.
LONGEST_FORECAST_DAYS = 100 * 365


@dataclass(slots=True)
class Jar:
    """One row of ``savings_jars`` in the order of ``COLUMNS``. Amounts in minor units."""

    id: UUID
    user_id: UUID
    name: str
    plan_type: str
    target_amount: int
    installment_amount: int | None
    current_amount: int
    start_date: date
    end_date: date | None
    status: str
    completed_on: date | None
    closed_on: date | None
    auto_deposit: dict[str, Any] | None
    streak_longest: int
    streak_run: int
    streak_period: date | None
    streak_net: int
    streak_previous_net: int
    streak_kept_through: date | None
    pauses: list[list[str]] | None
    created_at: datetime
    made_on: date | None = None

    @property
    def terms(self) -> JarTerms:
        """What the streak engine must know to read the streak.

        Whether the period that filled the jar counts may change until it is over; when the one before closes, may not.
        """
        terms = self.booking_terms
        if self.completed_on is None or (terms.last_day is not None and terms.last_day < self.completed_on):
            return terms
        period = self._completing_period
        if period is not None and self.streak_period == period.start and terms.met(self.streak_net):
            # A period is no longer asked for once the target is reached in it, but one that was met counts: the deposit
            # that fills the pot must not cost a day of the streak.
            return replace(terms, filled=period.end + timedelta(days=1))
        return replace(terms, filled=self.completed_on)

    @property
    def booking_terms(self) -> JarTerms:
        """What the engine must know to take in a movement of a day that ``counts_on`` lets through.

        Without the day of completion: whether that period counts is known once its sum is, and for ``terms`` to say.
        """
        # A period that ends with the last day of the plan is one of the plan's.
        after_end = self.end_date + timedelta(days=1) if self.end_date else None
        last_day = min((day for day in (after_end, self.closed_on) if day), default=None)
        since = self.made_on or self.created_at.date()
        return JarTerms(
            Plan(self.plan_type), self.installment_amount, self.start_date, last_day, self.paused_days, since
        )

    @property
    def paused_days(self) -> tuple[tuple[date, date], ...]:
        """First and last day of each pause, oldest first."""
        if not self.pauses:
            return ()
        return tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in self.pauses)

    def pause_on(self, today: date) -> date | None:
        """The last day of the pause that holds ``today``; None where none does."""
        return next((last for first, last in self.paused_days if first <= today <= last), None)

    def counts_on(self, day: date) -> bool:
        """Whether a movement on ``day`` counts for the streak: none does after the period that reached the target."""
        period = self._completing_period
        return period is None or day <= period.end

    @property
    def _completing_period(self) -> Period | None:
        return None if self.completed_on is None else period_of(Plan(self.plan_type), self.completed_on)

    @property
    def streak_state(self) -> StreakState:
        """The streak engine's state in the row."""
        return StreakState(
            self.streak_period,
            self.streak_net,
            self.streak_previous_net,
            self.streak_run,
            self.streak_longest,
            self.streak_kept_through,
        )

    @streak_state.setter
    def streak_state(self, state: StreakState) -> None:
        self.streak_period = state.period_start
        self.streak_net = state.net
        self.streak_previous_net = state.previous_net
        self.streak_run = state.run
        self.streak_longest = state.longest
        self.streak_kept_through = state.kept_through

    def streak(self, today: date) -> StreakReading:
        """The streak as the saver sees it on ``today``."""
        return read(self.streak_state, self.terms, today)

    @property
    def progress(self) -> float:
        """How much of the target is there, 0 to 1, to four decimals; 1 only when all of it is."""
        if self.current_amount >= self.target_amount:
            return 1.0
        return self.current_amount * 10_000 // self.target_amount / 10_000

    def projected_completion(self, today: date) -> date | None:
        """The day the target is reached at the pace since the jar began; None without a pace, or beyond a century."""
        if self.completed_on is not None:
            return self.completed_on
        days = (today - self.start_date).days + 1
        if self.status != "active" or self.current_amount <= 0 or days <= 0:
            return None
        remaining = self.target_amount - self.current_amount
        ahead = -(-remaining * days // self.current_amount)
        return today + timedelta(days=ahead) if ahead <= LONGEST_FORECAST_DAYS else None

    def on_track(self, today: date) -> bool | None:
        """Whether the pace so far reaches the target by ``end_date``; None without an end, or where the jar is over."""
        if self.status != "active" or self.end_date is None:
            return True if self.status == "completed" else None
        if today < self.start_date:
            return True
        projected = self.projected_completion(today)
        return projected is not None and projected <= self.end_date

    def needed_per_day(self, today: date) -> int | None:
        """Minor units a day, from today to ``end_date``, that still reach the target; None where there is no end."""
        if self.status != "active" or self.end_date is None or today > self.end_date:
            return None
        return -(-(self.target_amount - self.current_amount) // ((self.end_date - today).days + 1))


@dataclass(frozen=True, slots=True)
class JarView:
    """A jar with what can be said of it on the saver's ``today``."""

    jar: Jar
    today: date
    streak: StreakReading

    @property
    def projected_completion_date(self) -> date | None:
        """See ``Jar.projected_completion``."""
        return self.jar.projected_completion(self.today)

    @property
    def on_track(self) -> bool | None:
        """See ``Jar.on_track``."""
        return self.jar.on_track(self.today)


def view(jar: Jar, today: date) -> JarView:
    """The jar as its saver sees it on ``today``."""
    return JarView(jar, today, jar.streak(today))
