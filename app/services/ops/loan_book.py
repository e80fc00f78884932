"""The loan book for staff: which loans there are, and one of them with everything that was kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.errors import NotFound
from app.services.audit import log as audit
from app.services.identity.principal import saver_of
from app.services.loans import decisions, loan
from app.services.loans.decisions import Decision
from app.services.loans.loan import LoanView
from app.transactions import fetch

LIST = """
SELECT l.id, l.user_id, l.status, l.amount, l.tenure_months, l.offered_at, coalesce(b.owed, 0)::bigint,
    coalesce(b.late, 0)::bigint, b.oldest
FROM loans l LEFT JOIN LATERAL (
    SELECT sum(i.principal - i.paid_principal) AS owed,
        sum(i.principal + i.interest - i.waived - i.paid_principal - i.paid_interest)
            FILTER (WHERE i.paid_on IS NULL AND i.due_on < %(day)s) AS late,
        min(i.due_on) FILTER (WHERE i.paid_on IS NULL AND i.due_on < %(day)s) AS oldest
    FROM loan_instalments i WHERE i.loan_id = l.id AND l.status IN ('accepted', 'active')
) b ON true
WHERE (%(status)s::text IS NULL OR l.status = %(status)s) AND (NOT %(late)s OR b.oldest IS NOT NULL)
ORDER BY l.offered_at DESC, l.id DESC LIMIT %(limit)s
"""
PAYMENTS = """
SELECT made_at, kind, amount, principal, interest, charges, jar_id, transaction_id FROM loan_payments
WHERE loan_id = %s ORDER BY made_at, id
"""
# Every movement that touched the loan's own accounts.
MOVED = """
SELECT t.occurred_at, t.type, t.amount, t.id FROM transactions t WHERE t.id IN (
    SELECT p.transaction_id FROM postings p JOIN ledger_accounts a ON a.id = p.account_id WHERE a.loan_id = %s)
ORDER BY t.occurred_at, t.id
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """A loan in the list. Amounts in minor units; ``oldest``: the oldest unpaid due day that is over."""

    id: UUID
    user_id: UUID
    status: str
    amount: int
    tenure_months: int
    offered_at: datetime
    owed: int
    late: int
    oldest: Any


@dataclass(frozen=True, slots=True)
class Payment:
    """What was paid, given back (below zero) or settled; in minor units. ``jar_id``: None for the world outside."""

    made_at: datetime
    kind: str
    amount: int
    principal: int
    interest: int
    charges: int
    jar_id: UUID | None
    transaction_id: UUID


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to the loan. ``amount``: of a movement, in minor units."""

    at: datetime
    what: str
    amount: int | None = None
    transaction_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """A loan with the decision that it was offered on, its payments, and what happened to it, the oldest first.

    ``name``: of whose it is, whole.
    """

    view: LoanView
    decision: Decision
    payments: list[Payment]
    events: list[Event]
    name: str


def listed(*, status: str | None, late: bool, at: datetime, limit: int = 100) -> list[Listed]:
    """The newest loans, of one status, or those with something overdue."""
    values = {"status": status, "late": late, "day": at.date(), "limit": limit}
    return [Listed(*row) for row in fetch(LIST, values)]


def show(loan_id: UUID, *, at: datetime, by: UUID | None = None) -> Whole:
    """One loan; the audit log notes that it was read. Raises NotFound.

    ``by``: the member of staff who looks; None for an operator at the command line.
    """
    rows = fetch("SELECT user_id FROM loans WHERE id = %s", (loan_id,))
    found = saver_of(rows[0][0]) if rows else None
    if found is None:
        raise NotFound("There is no such loan.")
    saver, _ = found
    view = loan.read(saver, loan_id, at=at)
    payments = [Payment(*row) for row in fetch(PAYMENTS, (loan_id,))]
    moved = [Event(*row) for row in fetch(MOVED, (loan_id,))]
    actor = "operator" if by is None else "staff"
    audit.record("loan_read", subject_type="loan", subject_id=loan_id, at=at, actor_id=by, actor=actor)
    return Whole(view, decisions.shown(saver.id, view.loan.decision_id), payments, _events(view, moved), saver.name)


def _events(view: LoanView, moved: list[Event]) -> list[Event]:
    row = view.loan
    told = [Event(row.offered_at, "offered", row.amount), *moved]
    if row.cancel_until is not None and view.status not in ("accepted", "cancelled") and row.cancel_until <= view.at:
        told.append(Event(row.cancel_until, "cooling_off_over"))
    if row.ended_at is not None:
        told.append(Event(row.ended_at, view.status))
    elif view.status == "cancelled":
        told.append(Event(row.expires_at, "cancelled"))
    return sorted(told, key=lambda event: event.at)
