"""How the demo's savers come by a past: jars, movements and loans, the same for the same day and seed.

A story is written down first, in any order, and told in the order of its instants. Days are days before the saver's
today (0 is today); amounts are whole rupees here and minor units from ``tell`` on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app import clock
from app.loans.schedule import months_after
from app.periods import Plan, start_of, start_of_day
from app.services.credit.refresh import refresh_all
from app.services.credit.storing import Cause
from app.services.identity.principal import Principal
from app.services.loans import accepting, decisions, loan, offers, repaying
from app.services.loans.loan import Loan
from app.services.loans.offers import Offer
from app.services.ops import reversal_requests, reversals, support_answers, support_requests
from app.services.savings import deposits, jars, withdrawals
from app.services.savings.movements import Movement

SEED = 50
PAISE = 100


class Story:
    """What one saver did, collected and then done. ``second_id``: who of the staff asks for what takes two."""

    def __init__(self, saver: Principal, staff_id: UUID, second_id: UUID, now: datetime) -> None:
        self.random = Random(f"{SEED} {saver.name}")  # the same history each time, no secret  # noqa: S311
        self.today = saver.zone.date(now)
        self._saver, self._staff_id, self._second_id, self._now = saver, staff_id, second_id, now
        self._zone = saver.zone.at(now)
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._jars: dict[str, UUID] = {}
        self._movements: dict[str, UUID] = {}
        self._requests: dict[str, UUID] = {}
        self._loan: Loan

    def day(self, ago: int) -> date:
        """The calendar day ``ago`` days before today; after it where negative."""
        return self.today - timedelta(days=ago)

    def ago(self, day: date) -> int:
        """The inverse of ``day``."""
        return (self.today - day).days

    def jar(self, name: str, plan: Plan, target: int, since: int, installment: int | None = None, **more: Any) -> None:
        """Open a jar ``since`` days ago, early in the morning. ``more`` goes to ``jars.create``."""

        def open_jar(at: datetime) -> None:
            made = jars.create(
                self._saver,
                name=name,
                plan_type=plan.value,
                target_amount=target * PAISE,
                installment_amount=None if installment is None else installment * PAISE,
                start_date=self.day(since),
                at=at,
                **more,
            )
            self._jars[name] = made.jar.id

        self._at(since, 5, open_jar)

    def put(self, jar: str, ago: int, amount: int, note: str | None = None, *, label: str | None = None) -> None:
        """A deposit, some time between 8 and 20 o'clock; ``label`` names it for ``take_back``."""

        def deposit(at: datetime) -> None:
            def keep_id(movement: Movement) -> tuple[int, bytes]:
                if label is not None:
                    self._movements[label] = movement.transaction.id
                return 201, b""

            deposits.deposit(self._saver, self._jars[jar], amount * PAISE, note, at=at, claim=None, render=keep_id)

        self._at(ago, self.random.uniform(8, 20), deposit)

    def take(self, jar: str, ago: int, amount: int, note: str | None = None) -> None:
        """A withdrawal, in the evening."""

        def withdraw(at: datetime) -> None:
            withdrawals.withdraw(
                self._saver, self._jars[jar], amount * PAISE, note, at=at, claim=None, render=lambda _: (201, b"")
            )

        self._at(ago, self.random.uniform(20.1, 20.9), withdraw)

    def take_back(self, label: str, ago: int, reason: str) -> None:
        """Have the staff reverse the deposit ``label``, late in the evening."""
        self._at(
            ago,
            21.5,
            lambda at: _ignore(reversals.reverse(self._movements[label], reason=reason, by=self._staff_id, at=at)),
        )

    def ask_to_take_back(self, label: str, ago: int, reason: str) -> None:
        """Have the staff ask for the deposit ``label`` to be taken back, in the evening: two have to agree."""
        self._at(
            ago,
            20.5,
            lambda at: _ignore(reversal_requests.ask(self._movements[label], reason=reason, by=self._second_id, at=at)),
        )

    def ask(self, ago: int, subject: str, text: str, *, answer: str | None = None, again: str | None = None) -> None:
        """Ask the staff for help; have it answered the day after, and be not content with that the next day."""

        def ask(at: datetime) -> None:
            self._requests[subject] = support_requests.ask(self._saver, subject=subject, text=text, at=at).id

        def tell(at: datetime) -> None:
            support_answers.answer(self._requests[subject], str(answer), by=self._staff_id, at=at)

        def insist(at: datetime) -> None:
            support_requests.ask_again(self._saver, self._requests[subject], str(again), at=at)

        self._at(ago, 11, ask)
        if answer is not None:
            self._at(ago - 1, 10, tell)
        if again is not None:
            self._at(ago - 2, 9, insist)

    def close(self, jar: str, ago: int) -> None:
        """Close an empty jar, late in the evening."""
        self._at(ago, 21.8, lambda at: jars.close(self._saver, self._jars[jar], at=at))

    def borrow(self, ago: int, amount: int, months: int) -> None:
        """Take a loan at noon, by a decision, an offer and its acceptance, and pay what has fallen due, on its day."""
        begun = self.day(ago)

        def take(at: datetime) -> None:
            def keep(offered: Offer) -> tuple[int, bytes]:
                self._loan = offered.view.loan
                return 201, b""

            decision = decisions.decide(self._saver, at=at)
            offers.offer(self._saver, amount * PAISE, months, decision=decision, at=at, claim=None, render=keep)
            version = self._loan.statement_version
            accepting.accept(
                self._saver, self._loan.id, version=version, at=at, claim=None, render=lambda _: (200, b"")
            )

        def pay(at: datetime) -> None:
            due = loan.read(self._saver, self._loan.id, at=at).asked
            repaying.repay(self._saver, self._loan.id, due, at=at, claim=None, render=lambda _: (201, b""))

        self._at(ago, 12, take)
        for month in range(1, months + 1):
            due_in = self.ago(months_after(begun, month))
            if due_in > 0:
                self._at(due_in, 10, pay)

    def score_each_week(self) -> None:
        """Have the score made after each week that was over while all this happened, and now."""
        first = min((at for at, _, _ in self._events), default=self._now)
        monday = start_of(Plan.WEEKLY, self.today)
        for ago in range(self.ago(monday), (self._now - first).days, 7):
            self._at(ago, 0.6, self._score)
        self._events.append((self._now, len(self._events), self._score))

    def _score(self, at: datetime) -> None:
        refresh_all([self._saver.id], Cause("period_closed"), at=at)

    def happen(self) -> None:
        """Do all of it, each at its instant by the product's clock: what is booked late was not known before."""
        for at, _, event in sorted(self._events, key=lambda entry: entry[:2]):
            with clock.standing_at(at):
                event(at)

    def _at(self, ago: int, hour: float, event: Callable[[datetime], None]) -> None:
        day = self.day(ago)
        if day == self.today:
            # What is of today has happened by now, whatever the hour: the day so far, cut in proportion.
            begun = start_of_day(day, self._zone)
            at = begun + (self._now - begun) * (hour / 24)
        else:
            local = datetime.combine(day, time(), ZoneInfo(self._zone)) + timedelta(hours=hour)
            at = local.astimezone(UTC)
        self._events.append((at, len(self._events), event))


def _ignore(_: object) -> None:
    """Drop a result."""
