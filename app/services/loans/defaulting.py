"""A loan that is not paid back: what is owed is taken out of the locked money, the rest goes to its saver's jar."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from app import clock
from app.integrations.saver_cache import forget
from app.ledger import posting
from app.ledger.accounts import LOAN_LOSSES, lock_loan_accounts
from app.ledger.posting import Line
from app.loans import book as books
from app.services.audit import log as audit
from app.services.identity.principal import saver_of
from app.services.loans import ending, lateness
from app.services.loans.lateness import LOCAL_DAY, POLICIES, policies
from app.services.loans.loan import books_of, lock
from app.services.loans.repaying import charge, note
from app.services.outbox.messages import enqueue
from app.services.savings.rows import LOCK_SAVER
from app.transactions import after_commit, fetch, queue

DUE = f"""
SELECT l.user_id, l.id FROM loans l JOIN users u ON u.id = l.user_id
JOIN {POLICIES} ON p.version = l.loan_policy_version
WHERE l.id = ANY(%(loans)s::uuid[]) AND l.status = 'active' AND EXISTS (
    SELECT FROM loan_instalments i WHERE i.loan_id = l.id AND i.paid_on IS NULL
        AND i.due_on + p.default_after_days < {LOCAL_DAY})
ORDER BY l.id
"""  # noqa: S608  constants only


def due(loan_ids: list[UUID], *, at: datetime) -> list[tuple[UUID, UUID]]:
    """Savers and loans, of these, whose oldest instalment has been unpaid for too long at ``at``."""
    found = fetch(DUE, policies() | {"loans": [str(loan_id) for loan_id in loan_ids], "at": at})
    return [(user_id, loan_id) for user_id, loan_id in found]


def default(user_id: UUID, loan_id: UUID, *, at: datetime) -> bool:
    """End the loan; False where it is not in default (any more). Done again, it does nothing."""
    found = saver_of(user_id)
    if found is None:
        return False
    saver, _ = found
    queue(LOCK_SAVER, (saver.id,))
    loan = lock(saver.id, loan_id)
    today = saver.zone.date(at)
    if loan.status != "active":
        return False
    lateness.charge([loan.id], at=at)
    book = [row.book for row in books_of([loan.id])[loan.id]]
    late = books.overdue(book, today)
    if not late or late[0].due_on + timedelta(days=loan.policy.default_after_days) >= today:
        return False
    receivable, locked = lock_loan_accounts(loan.id)
    end = books.settle(book, locked.balance, today)
    charge(saver, loan, receivable, end.split, at=at)
    lines = [Line(locked, -end.split.total), Line(receivable, end.split.total + end.written_off)]
    if end.written_off:
        lines.append(Line(LOAN_LOSSES, -end.written_off))
    posted = posting.post(
        user_id=saver.id,
        jar_id=None,
        jar_account=receivable,
        kind="loan_default",
        amount=end.split.total + end.written_off,
        lines=lines,
        day=today,
        occurred_at=at,
        recorded_at=clock.now(),
    )
    note(loan, "default", end.split, posted, None, at=at, written_off=end.written_off)
    rest = locked.balance
    to = ending.release(saver, loan, locked, at=at)
    ending.end(saver, loan, "defaulted", at=at)
    told, _ = ending.tell(saver, loan, "defaulted", to, rest, at=at, seen=False)
    audit.record(
        "loan_defaulted",
        subject_type="loan",
        subject_id=loan.id,
        at=at,
        details={"transaction": str(posted.id), "written_off": end.written_off, "rest": rest},
    )
    enqueue(
        "savings.moved",
        {"user_id": saver.id, "transaction_id": posted.id, "kind": "repayment", "notices": told},
        at,
    )
    after_commit(lambda: forget(saver.id))
    return True
