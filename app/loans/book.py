"""The book of one loan: what of each instalment is paid, what closing it costs today, where a payment goes.

Interest belongs to the month it is for. What is due is paid first, oldest instalment first, and of each its interest
before its principal; then late charges; then instalments ahead. Closing early costs the principal that is left, the
interest of months that are over, that of the running month by its days, and charges; interest that was paid ahead for
months that then never come is counted against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(slots=True)
class Instalment:
    """One row of the book. Its month runs from ``starts_on`` to ``due_on``. Amounts in minor units.

    ``charge``: the late charge, None while there is none. ``waived``: interest of a month that an early closing cut
    short. ``paid_on``: the day on which all but the charge was paid.
    """

    number: int
    starts_on: date
    due_on: date
    principal: int
    interest: int
    paid_principal: int = 0
    paid_interest: int = 0
    waived: int = 0
    charge: int | None = None
    paid_charge: int = 0
    paid_on: date | None = None

    @property
    def total(self) -> int:
        """Principal and interest."""
        return self.principal + self.interest

    @property
    def open(self) -> int:
        """What is left of principal and interest."""
        return self.total - self.waived - self.paid_principal - self.paid_interest

    @property
    def open_charge(self) -> int:
        """What is left of the late charge."""
        return (self.charge or 0) - self.paid_charge

    def interest_until(self, day: date) -> int:
        """The interest of this month up to ``day``: all of it from the due day on, before it by days, half up.

        Of a loan that was closed, what was paid.
        """
        if day >= self.due_on:
            return self.interest - self.waived
        length = (self.due_on - self.starts_on).days
        elapsed = max(0, (day - self.starts_on).days)
        return min(self.interest - self.waived, (2 * self.interest * elapsed + length) // (2 * length))


@dataclass(frozen=True, slots=True)
class Split:
    """What a payment is made of, in minor units. ``interest`` is below zero where more was paid ahead than is owed."""

    principal: int
    interest: int
    charges: int

    @property
    def total(self) -> int:
        """The payment."""
        return self.principal + self.interest + self.charges


def owed(book: Iterable[Instalment]) -> int:
    """The principal that is left."""
    return sum(row.principal - row.paid_principal for row in book)


def closing(book: Sequence[Instalment], day: date) -> Split:
    """What closing the loan on ``day`` costs."""
    return Split(
        owed(book),
        sum(row.interest_until(day) - row.paid_interest for row in book),
        sum(row.open_charge for row in book),
    )


def overdue(book: Iterable[Instalment], day: date) -> list[Instalment]:
    """Those that were due before ``day`` and are not paid, oldest first."""
    return [row for row in book if row.due_on < day and row.paid_on is None]


def close(book: Iterable[Instalment], day: date) -> None:
    """Mark everything paid and the interest of what does not come any more waived."""
    for row in book:
        chargeable = row.interest_until(day)
        row.waived, row.paid_interest, row.paid_principal = row.interest - chargeable, chargeable, row.principal
        row.paid_charge = row.charge or 0
        row.paid_on = row.paid_on or day


def pay(book: Sequence[Instalment], amount: int, day: date) -> Split:
    """Put ``amount`` into the book on ``day``; where it went. The amount that closing costs closes the loan.

    Raises ValueError for nothing, and for more than closing costs.
    """
    whole = closing(book, day)
    if not 0 < amount <= whole.total:
        raise ValueError("a payment is more than nothing and at most what is owed")
    if amount == whole.total:
        close(book, day)
        return whole
    due = [row for row in book if row.due_on <= day]
    ahead = [row for row in book if row.due_on > day]
    left, interest, principal = _into(due, amount, day)
    charges = 0
    for row in book:
        part = min(left, row.open_charge)
        row.paid_charge += part
        charges += part
        left -= part
    left, more_interest, more_principal = _into(ahead, left, day)
    return Split(principal + more_principal, interest + more_interest, charges)


def _into(rows: Iterable[Instalment], left: int, day: date) -> tuple[int, int, int]:
    interest = principal = 0
    for row in rows:
        if row.paid_on is not None:
            continue
        part = min(left, row.interest - row.waived - row.paid_interest)
        row.paid_interest += part
        interest, left = interest + part, left - part
        part = min(left, row.principal - row.paid_principal)
        row.paid_principal += part
        principal, left = principal + part, left - part
        if not row.open:
            row.paid_on = day
        if not left:
            break
    return left, interest, principal


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a default takes out of the locked money: ``split``; ``written_off``: principal that it does not reach.

    ``rest``: what is left of the locked money for the saver.
    """

    split: Split
    written_off: int
    rest: int


def settle(book: Sequence[Instalment], locked: int, day: date) -> Settlement:
    """The end of a loan in default on ``day``: principal first, then interest, then charges, as far as it reaches."""
    whole = closing(book, day)
    # Interest that was paid ahead, if any, is counted against the principal.
    credit = max(0, -whole.interest)
    principal = min(whole.principal, locked + credit)
    interest = -credit if credit else min(whole.interest, locked - principal)
    charges = min(whole.charges, locked - principal - interest)
    split = Split(principal, interest, charges)
    return Settlement(split, whole.principal - principal, locked - split.total)
