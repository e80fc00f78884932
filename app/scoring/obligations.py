"""Closed periods: what each asked for and what came, for all savers at once.

The definition is that of a jar's streak (services/gamification/streaks.py, ``period_states``), on columns; a test holds
the two together. A freeze changes nothing here: it protects the streak that a saver sees, never the record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.scoring.calendars import FLEXIBLE, GRACE, Days, first_day, last_day, number_of
from app.scoring.histories import SAVER_APART, Amounts, Index, Jars, Movements, Pauses


@dataclass(frozen=True, slots=True)
class Obligations:
    """Closed periods of jars with a plan, in each saver's order of due days (ties by jar); those that a pause
    excuses are left out.

    ``starts``: where each saver's rows begin, and one more for the end of the last's. ``due``: the period's last day.
    ``closed``: the last day on which it could still be met. ``paid``: minor units that count for it, never below 0.
    ``share``: of the commitment, 0 to 1. ``deposits``: how many were made within the period.
    """

    starts: Index
    jar: Index
    begun: Days
    due: Days
    closed: Days
    on_time: NDArray[np.bool_]
    paid: Amounts
    share: NDArray[np.float64]
    deposits: Index

    def __len__(self) -> int:
        return len(self.jar)


def obligations(
    jars: Jars,
    pauses: Pauses,
    movements: Movements,
    as_of: Days,
    *,
    settled_early: bool = False,
    grace_days: Days = GRACE,
) -> Obligations:
    """Every period that was over, its grace included, before the day ``as_of`` of its saver, one for each saver.

    Nothing that happened on that day or later is looked at. With ``settled_early`` the day itself is, as far as it has
    come, and so are periods that are still open and have been met. ``grace_days``: of each plan, by its code.
    """
    today = as_of[jars.saver]
    movements = movements.before(today + settled_early)
    grace = grace_days[jars.plan]
    first = number_of(jars.plan, jars.first_day)
    filled = number_of(jars.plan, jars.completed)
    movements = movements.taken(number_of(jars.plan[movements.jar], movements.day) <= filled[movements.jar])
    # Those that end before the jar does, and have closed: with the jar, or when their grace is over.
    within = np.where(jars.completed <= jars.last_day, filled + 1, number_of(jars.plan, jars.last_day))
    if settled_early:
        over = number_of(jars.plan, today) + 1
    else:
        over = np.where(jars.last_day < today, within, number_of(jars.plan, today - grace))
    count = np.where(jars.plan == FLEXIBLE, 0, np.maximum(0, np.minimum(within, over) - first))
    offsets = _offsets(count)

    rows = int(offsets[-1])
    jar = np.repeat(np.arange(len(jars)), count)
    plan = jars.plan[jar]
    number = first[jar] + np.arange(rows) - offsets[jar]
    begun, due = first_day(plan, number), last_day(plan, number)
    paused = _paused(jars, pauses, first, count, offsets)

    step = number_of(jars.plan[movements.jar], movements.day) - first[movements.jar]
    own = (step >= 0) & (step < count[movements.jar])
    at = offsets[movements.jar] + step
    paid = np.zeros(rows, dtype=np.int64)
    np.add.at(paid, at[own], movements.amount[own])
    deposits = np.bincount(at[own & (movements.amount > 0)], minlength=rows)
    _fill_older(paid, jars, movements, step, at, count, paused, grace_days)

    commitment = jars.installment[jar]
    on_time = np.where(commitment > 0, paid >= commitment, paid > 0)
    share = np.clip(paid / np.maximum(commitment, 1), 0.0, 1.0)
    share[commitment == 0] = on_time[commitment == 0]
    closed = np.minimum(due + grace[jar], jars.last_day[jar])

    # One that was met counts, pause or not; one in which the target was reached is not asked for any more.
    kept = np.flatnonzero(on_time | ~(paused | (number == filled[jar]) | (closed >= today[jar])))
    saver = jars.saver[jar[kept]]
    # They come by jar, and stay so where saver and day are the same; it costs nothing where they are in order.
    order = kept[np.argsort(saver * SAVER_APART + due[kept], kind="stable")]
    savers = len(as_of)
    return Obligations(
        _offsets(np.bincount(saver, minlength=savers)),
        jar[order],
        begun[order],
        due[order],
        closed[order],
        on_time[order],
        np.maximum(paid[order], 0),
        share[order],
        deposits[order],
    )


def _offsets(counts: Index) -> Index:
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts)))


def _paused(jars: Jars, pauses: Pauses, first: Index, count: Index, offsets: Index) -> NDArray[np.bool_]:
    """Which rows a pause touches."""
    if not len(pauses.jar):
        return np.zeros(int(offsets[-1]), dtype=bool)
    plan = jars.plan[pauses.jar]
    begin = np.clip(number_of(plan, pauses.first) - first[pauses.jar], 0, count[pauses.jar])
    end = np.clip(number_of(plan, pauses.last) + 1 - first[pauses.jar], 0, count[pauses.jar])
    edges = np.zeros(int(offsets[-1]) + 1, dtype=np.int64)
    np.add.at(edges, offsets[pauses.jar] + begin, 1)
    np.add.at(edges, offsets[pauses.jar] + np.maximum(begin, end), -1)
    touched: NDArray[np.bool_] = np.cumsum(edges[:-1]) > 0
    return touched


def _fill_older(
    paid: Amounts,
    jars: Jars,
    movements: Movements,
    step: Index,
    at: Index,
    count: Index,
    paused: NDArray[np.bool_],
    grace_days: Days,
) -> None:
    """Let deposits within the grace of the period before theirs fill its shortfall first.

    Each depends on those before it in its jar, and on no other jar: the first of every jar at once, then the second.
    """
    plan = jars.plan[movements.jar]
    older = step - 1
    candidate = (movements.amount > 0) & (grace_days[plan] > 0) & (older >= 0) & (older < count[movements.jar])
    candidate &= movements.day <= jars.last_day[movements.jar]
    rows = np.flatnonzero(candidate)
    begun = first_day(plan[rows], number_of(plan[rows], movements.day[rows]))
    rows = rows[movements.day[rows] < begun + grace_days[plan[rows]]]
    rows = rows[~paused[at[rows] - 1]]
    if not len(rows):
        return
    owners = movements.jar[rows]
    begins = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    turn = np.arange(len(rows)) - np.repeat(begins, np.diff(np.concatenate((begins, [len(rows)]))))
    order = np.argsort(turn, kind="stable")
    for now in np.split(rows[order], np.cumsum(np.bincount(turn))[:-1]):
        target, commitment = at[now] - 1, jars.installment[movements.jar[now]]
        short = np.where(commitment > 0, commitment - paid[target], movements.amount[now])
        unmet = np.where(commitment > 0, short > 0, paid[target] <= 0)
        given = np.where(unmet, np.minimum(movements.amount[now], short), 0)
        paid[target] += given
        taken = step[now] < count[movements.jar[now]]
        paid[at[now][taken]] -= given[taken]
