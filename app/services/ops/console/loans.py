"""The loan book as lists: every loan, and those with something overdue, the longest overdue first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.models.loans import LOAN_STATES
from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Order, Page, Source, both_ways, page

__all__ = ["LOAN_STATES", "Loan", "in_arrears", "listed"]

COLUMNS: Final = (
    "l.id, l.user_id, u.name, l.status, l.amount, l.tenure_months, l.offered_at, l.accepted_at,"
    " coalesce(b.owed, 0)::bigint, coalesce(b.late, 0)::bigint, b.oldest, b.next_due"
)
READ: Final = """
FROM k JOIN loans l ON l.id = k.id JOIN users u ON u.id = l.user_id LEFT JOIN LATERAL (
    SELECT sum(i.principal - i.paid_principal) AS owed,
        sum(i.principal + i.interest - i.waived - i.paid_principal - i.paid_interest)
            FILTER (WHERE i.paid_on IS NULL AND i.due_on < %(day)s) AS late,
        min(i.due_on) FILTER (WHERE i.paid_on IS NULL AND i.due_on < %(day)s) AS oldest,
        min(i.due_on) FILTER (WHERE i.paid_on IS NULL) AS next_due
    FROM loan_instalments i WHERE i.loan_id = l.id AND l.status IN ('accepted', 'active')
) b ON true
"""
FILTERS: Final = {
    "user": "l.user_id = %(user)s",
    "status": "l.status = %(status)s",
    "since": "l.offered_at >= %(since)s",
    "before": "l.offered_at < %(before)s",
}
SOURCE: Final = Source(
    id="l.id",
    found="FROM loans l",
    columns=COLUMNS,
    read=READ,
    filters=FILTERS,
    orders=both_ways("offered_at", ("l.offered_at", "l.id"), (datetime, UUID)),
)
# Each open loan by its oldest instalment that is unpaid. Days that are over are ``overdue``.
DUE: Final = Source(
    id="i.loan_id",
    found="FROM loan_instalments i JOIN loans l ON l.id = i.loan_id AND l.status IN ('accepted', 'active')",
    columns=COLUMNS,
    read=READ,
    filters=FILTERS
    | {
        "due_before": "i.paid_on IS NULL AND i.due_on < %(due_before)s AND NOT EXISTS (SELECT FROM loan_instalments e"
        " WHERE e.loan_id = i.loan_id AND e.number < i.number AND e.paid_on IS NULL)",
    },
    orders={"due_on": Order(("i.due_on", "i.loan_id"), (date, UUID))},
)
ORDERS: Final = {**SOURCE.orders, **DUE.orders}


@dataclass(frozen=True, slots=True)
class Loan:
    """A line of either list; the saver's name is masked. Amounts in minor units.

    ``owed``: principal that is still to be paid. ``late``: principal and interest that should have been paid by now, of
    which the oldest was due on ``oldest``. ``next_due``: the day of the oldest that is unpaid, whether over or to come.
    """

    id: UUID
    user_id: UUID
    name: str
    status: str
    amount: int
    tenure_months: int
    offered_at: datetime
    accepted_at: datetime | None
    owed: int
    late: int
    oldest: date | None
    next_due: date | None


def listed(asked: Asked, *, day: date) -> Page[Loan]:
    """A page of loans as of ``day``. Filters: user, status, since, before, and ``due_before``: only open loans with an
    unpaid instalment that was due before that day.

    Orders: offered_at, -offered_at; with ``due_before`` due_on alone, the longest overdue first.
    """
    source = DUE if asked.order in DUE.orders else SOURCE
    return page(source, _masked, asked, {"day": day})


def in_arrears(asked: Asked, *, day: date) -> Page[Loan]:
    """A page of loans with something overdue on ``day``, the longest overdue first (``due_on``)."""
    return listed(replace(asked, filters={"due_before": day}, order="due_on"), day=day)


def _masked(id_: UUID, user_id: UUID, name: str, *rest: Any) -> Loan:
    return Loan(id_, user_id, masks.name(name), *rest)
