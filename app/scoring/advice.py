"""What would help, of one saver: the rule on futures that have not happened. The model is never asked.

A future is the saver's history with obligations added to it: those that come next, in the order in which they are due,
each met by one deposit of what it asks for, or missed. What has been met already lies behind.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.periods import Plan
from app.scoring.calendars import CODES, GRACE, first_day, last_day, number_of
from app.scoring.features import WINDOW, Features, Instalments, features_at
from app.scoring.histories import Index, Jars, Movements, Pauses
from app.scoring.obligations import Obligations, obligations
from app.scoring.policy import Policy
from app.scoring.rule import RuleScores, rule_scores

#: How many of the next obligations are looked at together.
STRIDES: Final = (2, 4)
_EPOCH: Final = date(1970, 1, 1)
#: Days of the longest pause, and of what may have been met already: so many periods may be passed over.
_PASSED_OVER: Final = 40
_NAMES: Final = {code: plan for plan, code in CODES.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do or to know, and by how many points the rule score would then differ (None: it says nothing yet).

    ``code``: ``keep_up`` (the next ``count`` on time), ``leave_in`` (those, and nothing taken out; the points of what
    is kept alone), ``stay`` (nothing more to gain), ``missed`` (the next one missed), ``begin`` (``count`` more must be
    over before there is a score), ``make_plan`` (nothing is asked for). ``plan``: of those obligations, None where they
    are of several. ``due``: the last day of the first of them.
    """

    code: str
    count: int = 0
    points: int | None = None
    plan: Plan | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """``plan``: of the newest obligations that the features count, None where they are of several or there are none.

    ``left``: how many more must be over before the score's status changes, and ``until``: the day on which it then
    does; 0 and None where it is settled, None also where too few are to come. ``opens_at``: the score that a saver
    without one would begin with, all of those met.
    """

    steps: list[Step]
    plan: Plan | None
    left: int = 0
    until: date | None = None
    opens_at: int | None = None


def advice(
    jars: Jars, pauses: Pauses, movements: Movements, instalments: Instalments, today: int, policy: Policy
) -> Advice:
    """What would help the one saver whose columns these are, on the day ``today`` (counted from 1 January 1970)."""
    history = obligations(jars, pauses, movements, np.array([today]), settled_early=True)
    future = _Future(history, jars, movements, instalments, today, policy)
    ahead = _ahead(jars, pauses, movements, history, today, most=WINDOW)
    plan = _plan(jars, history.jar[-WINDOW:])
    closed = int(np.count_nonzero(history.closed < today))
    left = next((line - closed for line in (policy.scored_from, policy.settled_from) if closed < line), 0)
    closings = np.sort(np.concatenate((history.closed[history.closed >= today], ahead.closed)))
    until = _day(int(closings[left - 1]) + 1) if 0 < left <= len(closings) else None
    if closed < policy.scored_from:
        if until is None:
            return Advice([Step("make_plan")], plan, left)
        early = len(history) - closed
        count = max(0, left - early)
        opens_at = future.score(ahead, count)
        return Advice([_step("begin", left, None, jars, ahead)], plan, left, until, opens_at)
    return Advice(_steps(future, jars, ahead), plan, left, until)


def _steps(future: _Future, jars: Jars, ahead: Obligations) -> list[Step]:
    if not len(ahead):
        return [Step("make_plan")]
    now = future.score(ahead, 0)
    found = []
    for count in sorted({min(stride, len(ahead)) for stride in STRIDES}):
        gained = future.score(ahead, count) - now
        if gained > 0:
            found.append(_step("keep_up", count, gained, jars, ahead))
    kept = future.kept(ahead, 0)
    best = future.kept(ahead, len(ahead))
    if best > kept:
        count = next(count for count in range(1, len(ahead) + 1) if future.kept(ahead, count) >= best)
        found.append(_step("leave_in", count, best - kept, jars, ahead))
    if not found:
        found.append(_step("stay", 1, 0, jars, ahead))
    lost = future.score(ahead, 1, on_time=False) - now
    if lost < 0:
        found.append(_step("missed", 1, lost, jars, ahead))
    return found


def _step(code: str, count: int, points: int | None, jars: Jars, ahead: Obligations) -> Step:
    due = _day(int(ahead.due[0])) if len(ahead) else None
    return Step(code, count, points, _plan(jars, ahead.jar[:count]), due)


def _plan(jars: Jars, rows: Index) -> Plan | None:
    plans = Counter(jars.plan[rows].tolist())
    return _NAMES[next(iter(plans))] if len(plans) == 1 else None


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)


def _ahead(
    jars: Jars, pauses: Pauses, movements: Movements, history: Obligations, today: int, *, most: int
) -> Obligations:
    """The next ``most`` obligations that can still be met and have not been, in their order, as if each were met."""
    first = np.maximum(number_of(jars.plan, jars.first_day), number_of(jars.plan, today - GRACE[jars.plan]))
    end = np.minimum(number_of(jars.plan, jars.completed), number_of(jars.plan, jars.last_day))
    end[jars.plan == CODES[Plan.FLEXIBLE]] = 0
    count = np.clip(end - first, 0, most + _PASSED_OVER)
    jar = np.repeat(np.arange(len(jars)), count)
    plan = jars.plan[jar]
    number = first[jar] + np.arange(len(jar)) - np.repeat(np.cumsum(count) - count, count)
    begun, due = first_day(plan, number), last_day(plan, number)
    closed = np.minimum(due + GRACE[plan], jars.last_day[jar])
    there = np.isin(_place(jar, begun), _place(history.jar, history.begun))
    open_ = (closed >= today) & ~there
    for paused, since, until in zip(pauses.jar, pauses.first, pauses.last, strict=True):
        open_ &= (jar != paused) | (begun > until) | (due < since)
    rows = np.flatnonzero(open_)
    rows = rows[np.lexsort((jar[rows], due[rows]))][:most]
    lacking = np.array([_lacking(jars, movements, jar[row], begun[row], due[row]) for row in rows], dtype=np.int64)
    return Obligations(
        np.array([0, len(rows)]),
        jar[rows],
        begun[rows],
        due[rows],
        closed[rows],
        np.ones(len(rows), dtype=bool),
        lacking,
        np.ones(len(rows)),
        np.ones(len(rows), dtype=np.int64),
    )


def _place(jar: Index, begun: Index) -> Index:
    return jar * np.int64(2**21) + begun


def _lacking(jars: Jars, movements: Movements, jar: int, begun: int, due: int) -> int:
    """Minor units that one more deposit must bring; where any sum will do, what was put in last."""
    own = movements.jar == jar
    within = own & (movements.day >= begun) & (movements.day <= due)
    if jars.installment[jar]:
        return max(1, int(jars.installment[jar] - movements.amount[within].sum()))
    deposits = movements.amount[own & (movements.amount > 0)]
    return int(deposits[-1]) if len(deposits) else 1


@dataclass(frozen=True, slots=True)
class _Future:
    """A history, and what the rule says of it with more obligations behind it."""

    history: Obligations
    jars: Jars
    movements: Movements
    instalments: Instalments
    today: int
    policy: Policy

    def score(self, ahead: Obligations, count: int, *, on_time: bool = True) -> int:
        """The score once the first ``count`` of ``ahead`` are behind."""
        return int(self._scores(ahead, count, on_time).score[0])

    def kept(self, ahead: Obligations, count: int) -> int:
        """The points of what is kept by then."""
        return int(self._scores(ahead, count, True).points[0, list(self.policy.weights).index("kept")])

    def _scores(self, ahead: Obligations, count: int, on_time: bool) -> RuleScores:
        return rule_scores(self._features(ahead, count, on_time), self.policy)

    def _features(self, ahead: Obligations, count: int, on_time: bool) -> Features:
        history, movements, as_of = self.history, self.movements, self.today + 1
        if count:
            met = np.full(count, on_time)
            history = _joined(history, ahead, count, met)
            as_of = max(as_of, int(ahead.due[:count].max()) + 1)
            if on_time:
                movements = self._moved(ahead, count)
        return features_at(
            history,
            self.jars,
            movements,
            self.instalments,
            saver=np.zeros(1, dtype=np.int64),
            known=np.array([len(history)]),
            as_of=np.array([as_of]),
        )

    def _moved(self, ahead: Obligations, count: int) -> Movements:
        jar, begun = ahead.jar[:count], ahead.begun[:count]
        return Movements(
            np.concatenate((self.movements.jar, jar)),
            np.concatenate((self.movements.day, np.maximum(begun, self.today))),
            np.concatenate((self.movements.amount, ahead.paid[:count])),
            np.concatenate((self.movements.exempt, np.zeros(count, dtype=bool))),
        )


def _joined(history: Obligations, ahead: Obligations, count: int, met: NDArray[np.bool_]) -> Obligations:
    """``history`` with the first ``count`` of ``ahead`` in their places."""
    due = np.concatenate((history.due, ahead.due[:count]))
    jar = np.concatenate((history.jar, ahead.jar[:count]))
    order = np.lexsort((jar, due))
    more = {
        "jar": ahead.jar[:count],
        "begun": ahead.begun[:count],
        "due": ahead.due[:count],
        "closed": ahead.closed[:count],
        "on_time": met,
        "paid": np.where(met, ahead.paid[:count], 0),
        "share": met.astype(np.float64),
        "deposits": met.astype(np.int64),
    }
    values = {name: np.concatenate((getattr(history, name), added))[order] for name, added in more.items()}
    return replace(history, starts=np.array([0, len(due)]), **values)
