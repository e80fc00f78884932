"""What is known of a saver before a day, as numbers: the inputs of rule and model alike, for one saver or a million.

Counts and shares are kept as whole numbers as long as they are summed, and each saver's own history is gone through
from its beginning: a saver has the same features alone and among a million.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.calendars import Days
from app.scoring.deposits import in_time, summed
from app.scoring.histories import Index, Jars, Movements, Pauses
from app.scoring.obligations import Obligations, obligations

Column = NDArray[np.float64]

WINDOW: Final = 12
CAP: Final = 12
LONG_CAP: Final = 24
#: An obligation counts half as much as the one four later.
DECAY: Final = 0.5 ** (1 / 4)
#: Days after its due day by which an instalment counts as on time, and after which it counts as missed.
ON_TIME_DAYS: Final = 3
MISSED_AFTER_DAYS: Final = 30
_MILLION: Final = 1_000_000

#: Names of the features, and the direction in which each may move a prediction (1 up, -1 down, 0 either).
SIGNS: Final[dict[str, int]] = {
    "on_rate_12": 1,
    "on_ewma": 1,
    "streak": 1,
    "longest_streak": 1,
    "since_last_on": -1,
    "since_last_dep": -1,
    "n_on_total": 1,
    "periods": 0,
    "dep_per_period": 1,
    "deposits_31": 1,
    "days_between": 0,
    "fulfil_12": 1,
    "amt_cv": 0,
    "wd_ratio_12": 0,
    "trend": 0,
    "mean_days_late": -1,
    "last_days_late": -1,
    "repayment_on_share": 1,
}


@dataclass(frozen=True, slots=True)
class Instalments:
    """Closed loan instalments in the order (saver, day closed). ``days_late``: 0 for one paid by its due day.

    ``on_time``: paid within three days of it. One that was not paid within thirty closed as missed on the day after,
    with the days late of that day, whatever came later.
    """

    starts: Index
    due: Days
    closed: Days
    days_late: Index
    on_time: NDArray[np.bool_]

    @classmethod
    def none(cls, savers: int) -> Instalments:
        """Nobody has a loan."""
        nothing = np.empty(0, dtype=np.int64)
        return cls(np.zeros(savers + 1, dtype=np.int64), nothing, nothing, nothing, np.empty(0, dtype=bool))


@dataclass(frozen=True, slots=True)
class Features:
    """One row for each question, in columns by the names of ``SIGNS``.

    ``window``: how many obligations the last-12 features saw; ``known``: all of them, uncapped, and ``closed``: those
    that are over, while others may have been met before their end; ``instalments`` and ``instalments_on_time``
    likewise. Of loans without a closed instalment the days late are NaN.
    """

    columns: dict[str, Column]
    window: Index
    on_time_in_window: Index
    known: Index
    closed: Index
    instalments: Index
    instalments_on_time: Index

    def __len__(self) -> int:
        return len(self.closed)

    def matrix(self, names: tuple[str, ...]) -> Column:
        """The named features side by side, one row for each question."""
        return np.column_stack([self.columns[name] for name in names])


@dataclass(frozen=True, slots=True)
class Course:
    """How each saver stood after each obligation of theirs, in the rows of ``Obligations``."""

    ewma_on: Column
    ewma_all: Column
    streak: Index
    longest: Index
    since_on: Index
    since_deposit: Index


def course(history: Obligations) -> Course:
    """Go through all histories, the first obligation of everybody at once, then the second, and so on."""
    rows = len(history)
    lengths = np.diff(history.starts)
    reals = [np.zeros(rows) for _ in range(2)]
    counts = [np.zeros(rows, dtype=np.int64) for _ in range(4)]
    # Savers with the longest histories first: those still going on are then a prefix.
    order = np.argsort(-lengths, kind="stable")
    begins, lengths = history.starts[:-1][order], lengths[order]
    going = int(np.count_nonzero(lengths))
    ewma_on, ewma_all = np.zeros(going), np.zeros(going)
    streak, longest = np.zeros(going, dtype=np.int64), np.zeros(going, dtype=np.int64)
    since_on, since_deposit = np.full(going, CAP, dtype=np.int64), np.full(going, CAP, dtype=np.int64)
    step = 0
    while going:
        at = begins[:going] + step
        on = history.on_time[at]
        ewma_on = ewma_on[:going] * DECAY + on
        ewma_all = ewma_all[:going] * DECAY + 1.0
        streak = np.where(on, np.minimum(streak[:going] + 1, CAP), 0)
        longest = np.maximum(longest[:going], streak)
        since_on = np.where(on, 0, np.minimum(since_on[:going] + 1, CAP))
        since_deposit = np.where(history.deposits[at] > 0, 0, np.minimum(since_deposit[:going] + 1, CAP))
        reals[0][at], reals[1][at] = ewma_on, ewma_all
        for column, values in zip(counts, (streak, longest, since_on, since_deposit), strict=True):
            column[at] = values
        step += 1
        going = int(np.searchsorted(-lengths, -step, side="left"))
    return Course(reals[0], reals[1], *counts)


def features_at(
    history: Obligations,
    jars: Jars,
    movements: Movements,
    instalments: Instalments,
    *,
    saver: Index,
    known: Index,
    as_of: Days,
    sequence: Index | None = None,
) -> Features:
    """The features of each question: of ``saver``, on the morning of ``as_of``, from the first ``known`` obligations.

    The three have one value for each question. Movements and instalments are those before ``as_of``. ``sequence``:
    where the obligations stand in ``history``, if not with the saver's number.
    """
    path = course(history)
    begin = history.starts[saver if sequence is None else sequence]
    end = begin + known
    some = known > 0
    last = np.where(some, end - 1, 0)
    window = np.minimum(known, WINDOW)
    on_12 = summed(history.on_time.astype(np.int64), end - window, end)
    on_all = summed(history.on_time.astype(np.int64), begin, end)
    share = np.rint(history.share * _MILLION).astype(np.int64)
    deposits = summed(history.deposits, end - window, end)

    def after_last(column: NDArray[np.generic], empty: float) -> Column:
        if not len(column):
            return np.full(len(saver), empty)
        return np.where(some, column[last], empty).astype(np.float64)

    moved = in_time(jars, movements)
    paid_in, paid_out, deviation = moved.amounts(saver, _since(history, end - window, end, as_of), as_of)
    lately, apart = moved.rhythm(saver, as_of)
    late, newest_late, repaid_on, repaid = _repayments(instalments, saver, as_of)
    columns: dict[str, Column] = {
        "on_rate_12": (on_12 + 1) / (window + 2),
        "on_ewma": (after_last(path.ewma_on, 0.0) + 1.0) / (after_last(path.ewma_all, 0.0) + 2.0),
        "streak": after_last(path.streak, 0),
        "longest_streak": after_last(path.longest, 0),
        "since_last_on": after_last(path.since_on, CAP),
        "since_last_dep": after_last(path.since_deposit, CAP),
        "n_on_total": np.minimum(on_all, LONG_CAP).astype(np.float64),
        "periods": np.minimum(known, LONG_CAP).astype(np.float64),
        "dep_per_period": deposits / np.maximum(window, 1),
        "deposits_31": lately,
        "days_between": apart,
        "fulfil_12": (summed(share, end - window, end) / _MILLION + 1.0) / (window + 2),
        "amt_cv": deviation,
        "wd_ratio_12": np.where(paid_in > 0, np.minimum(paid_out / np.maximum(paid_in, 1), 1.0), paid_out > 0),
        "trend": (after_last(history.deposits, 0) + 1.0) / (deposits / np.maximum(window, 1) + 1.0),
        "mean_days_late": late,
        "last_days_late": newest_late,
        "repayment_on_share": (repaid_on + 1) / (repaid + 2),
    }
    return Features(columns, window, on_12, known, known, repaid, repaid_on)


def features_now(jars: Jars, pauses: Pauses, movements: Movements, instalments: Instalments, today: Days) -> Features:
    """The features of every saver in the course of their day ``today``, one for each.

    A period that has been met counts as soon as it is, as it does for the streak: the next question is about the one
    after it.
    """
    history = obligations(jars, pauses, movements, today, settled_early=True)
    savers = np.arange(len(today))
    found = features_at(
        history, jars, movements, instalments, saver=savers, known=np.diff(history.starts), as_of=today + 1
    )
    over = history.closed < today[jars.saver[history.jar]]
    return replace(found, closed=summed(over.astype(np.int64), history.starts[:-1], history.starts[1:]))


def _since(history: Obligations, begin: Index, end: Index, as_of: Days) -> Days:
    """The day on which the oldest of the last twelve obligations began; ``as_of`` where there is none."""
    since = as_of.copy()
    for back in range(WINDOW):
        row = end - 1 - back
        seen = row >= begin
        since[seen] = np.minimum(since[seen], history.begun[row[seen]])
    return since


def _repayments(instalments: Instalments, saver: Index, as_of: Days) -> tuple[Column, Column, Index, Index]:
    begin = instalments.starts[saver]
    if not len(instalments.due):
        nothing = np.zeros(len(saver), dtype=np.int64)
        return np.full(len(saver), np.nan), np.full(len(saver), np.nan), nothing, nothing
    owner = np.repeat(np.arange(len(instalments.starts) - 1), np.diff(instalments.starts))
    width = np.int64(2**21)
    base = int(min(instalments.closed.min(), as_of.min()))
    end = np.searchsorted(owner * width + (instalments.closed - base), saver * width + (as_of - base), side="left")
    count = end - begin
    mean = summed(instalments.days_late, begin, end) / np.maximum(count, 1)
    newest = instalments.days_late[np.maximum(end - 1, 0)].astype(np.float64)
    return (
        np.where(count > 0, mean, np.nan),
        np.where(count > 0, newest, np.nan),
        summed(instalments.on_time.astype(np.int64), begin, end),
        count,
    )
