"""Periods of plans for whole columns of days: app/periods.py, on arrays.

Days are int64 counted from 1 January 1970. A period is numbered: the day itself, the week or the month since then.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.periods import GRACE_DAYS, Plan

Days = NDArray[np.int64]

#: Plans as the numbers that columns hold.
CODES: Final = {Plan.DAILY: 0, Plan.WEEKLY: 1, Plan.MONTHLY: 2, Plan.FLEXIBLE: 3}
FLEXIBLE: Final = CODES[Plan.FLEXIBLE]
_WEEKLY: Final = CODES[Plan.WEEKLY]
_MONTHLY: Final = CODES[Plan.MONTHLY]
GRACE: Final = np.array([GRACE_DAYS.get(plan, 0) for plan in CODES], dtype=np.int64)
#: 1 January 1970 was a Thursday: its week had begun three days before.
_MONDAY: Final = 3


def number_of(plan: NDArray[np.int8], day: Days) -> Days:
    """The period that holds each day; of a flexible plan, which has none, the day."""
    number: Days = np.where(plan == _WEEKLY, (day + _MONDAY) // 7, day)
    # Calendars are dear, and most rows of most installations are no months.
    monthly = np.flatnonzero(plan == _MONTHLY)
    if len(monthly):
        number[monthly] = day[monthly].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return number


def first_day(plan: NDArray[np.int8], number: Days) -> Days:
    """The first day of each numbered period."""
    day: Days = np.where(plan == _WEEKLY, number * 7 - _MONDAY, number)
    monthly = np.flatnonzero(plan == _MONTHLY)
    if len(monthly):
        day[monthly] = number[monthly].astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return day


def last_day(plan: NDArray[np.int8], number: Days) -> Days:
    """The last day of each numbered period."""
    return first_day(plan, number + 1) - 1
