"""Obligations out of imported histories: as the product has them, or by an adapter where a history has no plan.

Adapters are for evaluating only. In the product a period asks for what its jar's owner has said, and for nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.periods import Plan
from app.scoring.calendars import CODES, FLEXIBLE, GRACE, Days, first_day, last_day, number_of
from app.scoring.histories import Index, Jars, Movements
from app.scoring.obligations import Obligations, obligations
from app.services.credit.gathering import Gathered
from app.services.ops.evaluation.settings import OWN, Question

_EPOCH: Final = date(1970, 1, 1).toordinal()
#: Days between deposits up to which a history is taken for one of days, or of weeks.
_DAILY, _WEEKLY = 2, 10


def number(day: date) -> int:
    """Days since 1 January 1970."""
    return day.toordinal() - _EPOCH


def asked(gathered: Gathered, question: Question, until: int) -> tuple[Obligations, Jars, str]:
    """What ``question`` makes of these histories, as known on the morning of the day ``until``.

    With the jars it is about and the plan, ``own`` where they are left as they are.
    """
    jars, today = gathered.jars, np.full(len(gathered.savers), until, dtype=np.int64)
    if question.by == "jar":
        jars, today = replace(jars, saver=np.arange(len(jars))), np.full(len(jars), until, dtype=np.int64)
    plan = question.plan
    if plan == OWN and (jars.plan == FLEXIBLE).all():
        plan = rhythm(gathered.movements)
    if plan != OWN:
        code = np.int8(CODES[Plan(plan)])
        # What a jar asks for in a period is its own only while its periods are.
        jars = replace(
            jars, installment=np.where(jars.plan == code, jars.installment, 0), plan=np.full_like(jars.plan, code)
        )
    if question.commitment == "any":
        jars = replace(jars, installment=np.zeros_like(jars.installment))
    if question.days is not None:
        jars = replace(jars, last_day=np.minimum(jars.last_day, jars.first_day + question.days))
    grace = GRACE if question.grace is None else np.full(len(GRACE), question.grace)
    if question.commitment == "usual":
        return usual(jars, gathered.movements, today, grace, question), jars, plan
    return obligations(jars, gathered.pauses, gathered.movements, today, grace_days=grace), jars, plan


def rhythm(movements: Movements) -> str:
    """The plan whose periods are nearest to the days between deposits."""
    deposit = movements.amount > 0
    jar, day = movements.jar[deposit], movements.day[deposit]
    apart = np.diff(day)[(np.diff(jar) == 0) & (np.diff(day) > 0)]
    usually = float(np.median(apart)) if len(apart) else 0.0
    return "daily" if usually <= _DAILY else "weekly" if usually <= _WEEKLY else "monthly"


def usual(jars: Jars, movements: Movements, today: Days, grace: Days, question: Question) -> Obligations:
    """Periods that ask for what was usual in the full periods before them, by the day on which it usually came.

    Commitment: ``share`` of the median sum of deposits in up to ``periods`` of them (``least`` at least, and above
    nothing). Due: the median day, within the period, of each one's largest deposit. Only the period's own deposits
    count, those made until ``grace`` days after the due day.
    """
    first = number_of(jars.plan, jars.first_day) + 1  # the period of the first movement is not a full one
    end = np.minimum(number_of(jars.plan, jars.last_day), number_of(jars.plan, today[jars.saver]) + 1)
    count = np.maximum(0, end - first)
    offsets = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(count)))
    jar = np.repeat(np.arange(len(jars)), count)
    step = np.arange(int(offsets[-1])) - offsets[jar]
    plan = jars.plan[jar]
    begun, over = first_day(plan, first[jar] + step), last_day(plan, first[jar] + step)

    deposits = movements.taken(movements.amount > 0).before(today[jars.saver])
    at = number_of(jars.plan[deposits.jar], deposits.day) - first[deposits.jar]
    own = (at >= 0) & (at < count[deposits.jar])
    deposits, row = deposits.taken(own), (offsets[deposits.jar] + at)[own]
    total = np.bincount(row, weights=deposits.amount, minlength=len(jar))
    made = np.bincount(row, minlength=len(jar))
    largest = _day_of_largest(row, deposits, begun, made)

    window = np.arange(1, question.periods + 1)
    earlier = np.arange(len(jar))[:, None] - window
    there = window <= step[:, None]
    sums = np.where(there, total[np.maximum(earlier, 0)], np.nan)
    days = np.where(there, largest[np.maximum(earlier, 0)], np.nan)
    wanted = np.ceil(question.share * _median(sums) - 1e-6)
    due = np.minimum(begun + np.nan_to_num(_median(days)).astype(np.int64), over)
    closed = due + grace[plan]
    in_time = deposits.day <= closed[row]
    paid = np.bincount(row[in_time], weights=deposits.amount[in_time], minlength=len(jar)).astype(np.int64)

    kept = (there.sum(axis=1) >= question.least) & (np.nan_to_num(wanted) > 0) & (closed < today[jars.saver[jar]])
    rows = np.flatnonzero(kept)
    rows = rows[np.lexsort((jar[rows], due[rows], jars.saver[jar[rows]]))]
    starts = np.concatenate(([0], np.cumsum(np.bincount(jars.saver[jar[rows]], minlength=len(today)))))
    return Obligations(
        starts.astype(np.int64),
        jar[rows],
        begun[rows],
        due[rows],
        closed[rows],
        paid[rows] >= wanted[rows],
        paid[rows],
        np.minimum(paid[rows] / wanted[rows], 1.0),
        made[rows],
    )


def _day_of_largest(row: Index, deposits: Movements, begun: Days, made: Index) -> NDArray[np.float64]:
    """In each period the day, counted from its first, of the largest deposit (of equals the first); NaN without one."""
    found = np.full(len(begun), np.nan)
    order = np.lexsort((-deposits.day, deposits.amount, row))  # the last of each period wins
    found[row[order]] = (deposits.day - begun[row])[order]
    return np.where(made > 0, found, np.nan)


def _median(values: NDArray[Any]) -> NDArray[np.float64]:
    """Of each row what is there; NaN where nothing is."""
    if not len(values):
        return np.zeros(0)
    some = ~np.isnan(values).all(axis=1)
    median = np.full(len(values), np.nan)
    median[some] = np.nanmedian(values[some], axis=1)
    return median
