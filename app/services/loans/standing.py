"""What others ask about a saver's loans: whether one is open, what is due, and what one did for the score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from app.errors import NotFound
from app.integrations import saver_cache
from app.loans.policy import policy as loan_policy
from app.scoring.features import ON_TIME_DAYS
from app.scoring.policy import policy
from app.transactions import fetch

# The newest change of the score up to an instant, by the loan's own.
_AS_OF = """
LATERAL (SELECT h.score, h.points, h.policy_version FROM credit_score_history h
    WHERE h.user_id = l.user_id AND h.as_of <= {until} ORDER BY h.as_of DESC, h.id DESC LIMIT 1)
"""
EFFECT = f"""
SELECT before.score, before.points, before.policy_version, after.score, after.points, after.policy_version,
    (SELECT count(*) FROM loan_instalments i WHERE i.loan_id = l.id AND i.paid_on <= i.due_on + %(days)s
        AND (l.ended_on IS NULL OR i.due_on <= l.ended_on)),
    (SELECT count(*) FROM loan_instalments i WHERE i.loan_id = l.id AND i.paid_on IS NOT NULL
        AND (l.ended_on IS NULL OR i.due_on <= l.ended_on))
FROM loans l LEFT JOIN {_AS_OF.format(until="l.accepted_at")} before ON true
LEFT JOIN {_AS_OF.format(until="coalesce(l.ended_at + interval '1 hour', %(at)s)")} after ON true
WHERE l.id = %(loan)s AND l.user_id = %(user)s AND l.accepted_at IS NOT NULL
"""  # noqa: S608  constants only


# What is due by a day of the saver's open loan, late charges included, and the oldest instalment that is not paid.
DUE = """
SELECT l.id, l.loan_policy_version, min(i.due_on) FILTER (WHERE i.paid_on IS NULL),
    coalesce(sum(i.principal + i.interest - i.waived - i.paid_principal - i.paid_interest)
        FILTER (WHERE i.due_on <= %(today)s), 0)::bigint + sum(coalesce(i.charge, 0) - i.paid_charge)::bigint,
    (array_agg(i.principal + i.interest - i.waived - i.paid_principal - i.paid_interest ORDER BY i.number)
        FILTER (WHERE i.paid_on IS NULL))[1]
FROM loans l JOIN loan_instalments i ON i.loan_id = l.id
WHERE l.user_id = %(user)s AND l.status IN ('accepted', 'active') GROUP BY l.id
"""


KIND = "open_loan"


@dataclass(frozen=True, slots=True)
class Due:
    """What an open loan asks for next: ``amount`` minor units by ``due_on``, None where only late charges are left.

    ``near``: its day is today, over, or so close that the saver has been told of it.
    """

    loan_id: UUID
    due_on: date | None
    amount: int
    near: bool
    late: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """The score as the loan was accepted and after it ended, or now; None where there was none.

    ``points_before`` and ``points_after`` are those of repayment alone, of at most ``most``; ``on_time`` of ``paid``
    instalments were paid by three days after their day; of a loan that is over, those alone that fell due before.
    """

    score_before: int | None
    score_after: int | None
    points_before: int | None
    points_after: int | None
    most: int
    on_time: int
    paid: int


def has_open_loan(user_id: UUID) -> bool:
    """Whether something is to be paid back: then an account is not erased."""
    return bool(fetch("SELECT 1 FROM loans WHERE user_id = %s AND status IN ('accepted', 'active')", (user_id,)))


def next_due(user_id: UUID, *, today: date) -> Due | None:
    """What the saver's open loan asks for next, seen from the saver's ``today``; None without an open loan.

    Whether there is one is kept in Redis, so that it costs those without a loan nothing.
    """
    if saver_cache.remembered(KIND, user_id, today.isoformat(), lambda: _said(has_open_loan(user_id))) == _said(False):
        return None
    rows = fetch(DUE, {"user": user_id, "today": today})
    if not rows:
        return None
    loan_id, version, due_on, due, first = rows[0]
    near = due_on is None or due_on <= today + timedelta(days=loan_policy(version).tell_before_days)
    return Due(loan_id, due_on, due or first or 0, near, due_on is None or due_on < today)


def effect(user_id: UUID, loan_id: UUID, *, at: datetime, on_time_days: int = ON_TIME_DAYS) -> Effect:
    """What the loan did for the score. The score after its end is looked for up to an hour later: the worker makes it
    a moment after the last payment. Raises NotFound.
    """
    rows = fetch(EFFECT, {"loan": loan_id, "user": user_id, "at": at, "days": on_time_days})
    if not rows:
        raise NotFound
    before, points_before, version_before, after, points_after, version_after, on_time, paid = rows[0]
    return Effect(
        before,
        after,
        _repayment(points_before, version_before),
        _repayment(points_after, version_after),
        policy().weights["repayment"],
        on_time,
        paid,
    )


def _said(open_: bool) -> str:
    return "open" if open_ else "none"


def _repayment(points: list[int] | None, version: str | None) -> int | None:
    if not points or version is None:
        return None
    return points[list(policy(version).weights).index("repayment")]
