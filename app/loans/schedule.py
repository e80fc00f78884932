"""Equal monthly instalments on the reducing balance, in exact minor units."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

#: A yearly rate in hundredths of a percent, as a share of the balance for one month: rate / MONTHLY.
MONTHLY = 120_000


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment: ``principal`` and ``interest`` in minor units; ``owed_after``: the principal left behind it."""

    number: int
    principal: int
    interest: int
    owed_after: int

    @property
    def total(self) -> int:
        """What is paid."""
        return self.principal + self.interest


@lru_cache(maxsize=4096)
def instalment(amount: int, rate: int, months: int) -> int:
    """The equal instalment, rounded half up. ``rate``: a year, in hundredths of a percent. Raises ValueError."""
    if amount <= 0 or rate < 0 or months <= 0:
        raise ValueError("a loan has an amount, a rate that is not below zero, and months")
    if not rate:
        return _half_up(amount, months)
    grown, base = (MONTHLY + rate) ** months, MONTHLY**months
    return _half_up(amount * rate * grown, MONTHLY * (grown - base))


@lru_cache(maxsize=1024)
def schedule(amount: int, rate: int, months: int) -> tuple[Part, ...]:
    """All instalments: the interest of each is the month's on what is owed, the last takes the rest. ValueError."""
    each = instalment(amount, rate, months)
    owed, parts = amount, []
    for number in range(1, months + 1):
        interest = _half_up(owed * rate, MONTHLY)
        principal = owed if number == months else min(owed, max(0, each - interest))
        owed -= principal
        parts.append(Part(number, principal, interest, owed))
    return tuple(parts)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last where it is shorter: each from ``day`` itself, so 31 comes back."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
