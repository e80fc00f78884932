"""Not wanting a loan: an offer is declined, an accepted one cancelled within the cooling-off, as if it never was."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app import clock
from app.errors import DomainError
from app.integrations.saver_cache import forget
from app.ledger import posting
from app.ledger.accounts import LOAN_FEES, OUTSIDE, Account, lock_loan_accounts
from app.ledger.posting import Line
from app.loans.book import Split
from app.services.audit import log as audit
from app.services.idempotency.once import Answer, Claim, Render, once
from app.services.identity.principal import Principal
from app.services.loans import ending, releasing
from app.services.loans.loan import Loan, LoanView, Row, books_of, keep, lock, view
from app.services.loans.repaying import charge, note
from app.services.outbox.messages import enqueue
from app.services.savings.rows import LOCK_SAVER
from app.transactions import after_commit, fetch, queue

PAYMENTS = """
SELECT principal, interest, charges, jar_id FROM loan_payments WHERE loan_id = %s AND kind = 'repayment'
ORDER BY jar_id, made_at, id
"""


def cancel(saver: Principal, loan_id: UUID, *, at: datetime, claim: Claim | None, render: Render) -> Answer:
    """Cancel the saver's offer or loan, once for ``claim``. What was paid goes back to where it came from.

    Raises NotFound; ``cooling_off_over`` and ``loan_over`` come rendered where there is a claim.
    """
    return once(claim, lambda: _cancel(saver, loan_id, at=at), render)


def _cancel(saver: Principal, loan_id: UUID, *, at: datetime) -> LoanView:
    queue(LOCK_SAVER, (saver.id,))
    loan = lock(saver.id, loan_id)
    if loan.status == "offered":
        expired = loan.status_at(at) == "cancelled"
        ending.end(saver, loan, "cancelled", at=at, reason="expired" if expired else "declined")
        return view(saver, loan, [], at=at)
    if loan.status_at(at) == "active":
        raise DomainError(
            "cooling_off_over",
            "The days to think again are over. The loan can be paid back early; nothing was changed.",
        )
    if loan.status != "accepted":
        raise DomainError("loan_over", "This loan is over. Nothing was changed.")
    rows = books_of([loan.id])[loan.id]
    _give_back(saver, loan, at=at)
    for row in rows:
        row.book.paid_principal = row.book.paid_interest = row.book.paid_charge = row.book.waived = 0
        row.book.paid_on = None
    keep(loan.id, [row.book for row in rows], at=at)
    ending.end(saver, loan, "cancelled", at=at, reason="cooling_off")
    audit.record(
        "loan_cancelled",
        subject_type="loan",
        subject_id=loan.id,
        at=at,
        actor_id=saver.id,
        actor=saver.role,
        details={"family": str(saver.family_id)},
    )
    after_commit(lambda: forget(saver.id))
    return view(saver, loan, [Row(row.book, None) for row in rows], at=at)


def _give_back(saver: Principal, loan: Loan, *, at: datetime) -> None:
    """Payments first, each jar's together, then the loan itself."""
    by_source: dict[UUID | None, list[int]] = {}
    for principal, interest, charges, jar_id in fetch(PAYMENTS, (loan.id,)):
        sums = by_source.setdefault(jar_id, [0, 0, 0])
        for place, part in enumerate((principal, interest, charges)):
            sums[place] += part
    receivers = {
        jar_id: releasing.receiver(saver, jar_id, sum(sums), at=at)
        for jar_id, sums in by_source.items()
        if jar_id is not None
    }
    receivable, locked = lock_loan_accounts(loan.id)
    for jar_id, sums in by_source.items():
        split = Split(*sums)
        if jar_id is None:
            lines = [Line(receivable, -split.total), Line(OUTSIDE, split.total)]
            posted = posting.post(
                user_id=saver.id,
                jar_id=None,
                jar_account=receivable,
                kind="loan_refund",
                amount=split.total,
                lines=lines,
                day=saver.zone.date(at),
                occurred_at=at,
                recorded_at=clock.now(),
            )
        else:
            to = receivers[jar_id]
            posted = releasing.put(saver, to, receivable, split.total, "loan_refund", at=at)
            releasing.keep(to, saver.zone.date(at), at=at)
            enqueue("savings.moved", {"user_id": saver.id, "transaction_id": posted.id, "kind": "repayment"}, at)
        back = Split(-split.principal, -split.interest, -split.charges)
        charge(saver, loan, receivable, back, at=at)
        note(loan, "refund", back, posted, receivers[jar_id].jar_id if jar_id else None, at=at)
    _undo(saver, loan, receivable, locked, at=at)


def _undo(saver: Principal, loan: Loan, receivable: Account, locked: Account, *, at: datetime) -> None:
    lines = [Line(receivable, loan.amount), Line(locked, -loan.locked)]
    if loan.fee:
        lines.append(Line(LOAN_FEES, -loan.fee))
    posting.post(
        user_id=saver.id,
        jar_id=None,
        jar_account=receivable,
        kind="loan_cancel",
        amount=loan.amount,
        lines=lines,
        day=saver.zone.date(at),
        occurred_at=at,
        recorded_at=clock.now(),
    )
