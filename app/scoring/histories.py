"""What a score is made of, in columns: jars, their pauses and what moved in them, for one saver or a million."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.calendars import Days

Index = NDArray[np.int64]
Amounts = NDArray[np.int64]

#: As the last day of a jar without an end.
NEVER: Final = 2**40
#: One number for saver and day: the saver's, times this, and the day.
SAVER_APART: Final = np.int64(2**21)


@dataclass(frozen=True, slots=True)
class Jars:
    """One row for each jar, in the order (saver, id): what it asks for.

    ``saver``: from 0 on, without gaps, ascending. ``installment``: minor units for each period, 0 where any net deposit
    will do. ``last_day``: the jar's periods end before it; ``NEVER`` where nothing ends them. ``completed``: the day on
    which the target was reached, ``NEVER`` where it was not: the period that holds it counts if it was met, and none
    after it does.
    """

    saver: Index
    plan: NDArray[np.int8]
    installment: Amounts
    first_day: Days
    last_day: Days
    completed: Days

    def __len__(self) -> int:
        return len(self.saver)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Days, both inclusive, in which nothing was asked of a jar (its row in ``Jars``)."""

    jar: Index
    first: Days
    last: Days

    @classmethod
    def none(cls) -> Pauses:
        """No pause at all."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Movements:
    """What moved, in the order (jar, day, booking), reversed movements and their reversals left out.

    ``amount``: minor units, a deposit above zero, a withdrawal below. ``exempt``: a withdrawal that says nothing about
    keeping, because the jar had reached its target.
    """

    jar: Index
    day: Days
    amount: Amounts
    exempt: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.jar)

    def before(self, day: Days) -> Movements:
        """Those before the ``day`` of their jar (one value for each jar)."""
        return self.taken(self.day < day[self.jar])

    def taken(self, rows: NDArray[np.bool_]) -> Movements:
        """The marked ones."""
        return Movements(self.jar[rows], self.day[rows], self.amount[rows], self.exempt[rows])
