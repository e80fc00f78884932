"""What was put in and taken out before a day: how much, how unlike each other, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.calendars import Days
from app.scoring.histories import SAVER_APART, Amounts, Index, Jars, Movements

#: How many days a saver's rhythm is read from, and how many count as lately.
HALF_YEAR: Final = 183
LATELY: Final = 31


def summed(values: Index, begin: Index, end: Index) -> Index:
    """The sums of ``values[begin:end]``, one for each pair."""
    total = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(values)))
    sums: Index = total[end] - total[begin]
    return sums


def _apart(values: NDArray[np.float64], begin: Index, end: Index) -> NDArray[np.float64]:
    """The same of fractions, each sum made of its own values alone."""
    if not len(values):
        return np.zeros(len(begin))
    edges = np.column_stack([begin, end]).ravel()
    sums: NDArray[np.float64] = np.add.reduceat(np.concatenate((values, np.zeros(1))), edges)[::2]
    return np.where(end > begin, sums, 0.0)


@dataclass(frozen=True, slots=True)
class Moved:
    """Movements in the order (saver, day), whatever jar they are of. ``withdrawn``: as far as that counts.

    ``place``: saver and day as one number, so that one search finds both; days count from ``base``.
    """

    place: Index
    base: int
    day: Days
    deposit: Amounts
    withdrawn: Amounts

    def amounts(self, saver: Index, since: Days, until: Days) -> tuple[Amounts, Amounts, NDArray[np.float64]]:
        """Minor units put in and taken out from the day ``since`` until before ``until``, and how unlike the deposits
        were to each other (standard deviation by mean)."""
        low, high = self._rows(saver, since), self._rows(saver, until)
        count = self._count(low, high)
        total = summed(self.deposit, low, high)
        # Of each stretch by itself: squares of all of it summed up would round one saver's by what others have.
        mean = total / np.maximum(count, 1)
        square = _apart(self.deposit.astype(np.float64) ** 2, low, high)
        variance = square / np.maximum(count, 1) - mean**2
        deviation = np.where(count > 1, np.sqrt(np.maximum(variance, 0.0)) / np.maximum(mean, 1e-9), 0.0)
        return total, summed(self.withdrawn, low, high), deviation

    def count(self, saver: Index, until: Days) -> Index:
        """How many deposits there were before ``until``."""
        return self._count(self._rows(saver, until * 0), self._rows(saver, until))

    def rhythm(self, saver: Index, until: Days) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How many deposits there were in the last 31 days before ``until``, and the mean days from one to the next.

        The latter of the last half year: of a single deposit the days since it, and all of them where there was none.
        """
        day = self.day[self.deposit > 0]
        before: Index = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(self.deposit > 0)))
        low, high = (before[self._rows(saver, when)] for when in (until - HALF_YEAR, until))
        lately: Index = high - before[self._rows(saver, until - LATELY)]
        if not len(day):
            return lately.astype(np.float64), np.full(len(saver), float(HALF_YEAR))
        count: Index = high - low
        first, last = day[np.minimum(low, len(day) - 1)], day[np.maximum(high - 1, 0)]
        apart = np.where(count > 1, (last - first) / np.maximum(count - 1, 1), until - first)
        return lately.astype(np.float64), np.where(count > 0, apart, float(HALF_YEAR))

    def _count(self, low: Index, high: Index) -> Index:
        return summed((self.deposit > 0).astype(np.int64), low, high)

    def _rows(self, saver: Index, day: Days) -> Index:
        """Where the movements of each saver from their ``day`` on begin."""
        # A day before all movements is as good as the first, and stays within the saver.
        found: Index = np.searchsorted(self.place, saver * SAVER_APART + np.maximum(day - self.base, 0), side="left")
        return found


def in_time(jars: Jars, movements: Movements) -> Moved:
    """The movements of each saver in the order of their days."""
    owner = jars.saver[movements.jar]
    base = int(movements.day.min(initial=0))
    place = owner * SAVER_APART + (movements.day - base)
    # This sort costs nothing where they come in order already: those of savers with one jar.
    order = np.argsort(place, kind="stable")
    day, amount = movements.day[order], movements.amount[order]
    withdrawn = np.where(movements.exempt[order], 0, np.maximum(-amount, 0))
    return Moved(place[order], base, day, np.maximum(amount, 0), withdrawn)
