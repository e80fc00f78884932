"""Paying back: from outside or from a jar, to the oldest instalment first; the last payment releases the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app import clock, money
from app.errors import DomainError
from app.integrations.saver_cache import forget
from app.ledger import posting
from app.ledger.accounts import LATE_CHARGES, LOAN_INTEREST, OUTSIDE, Account, lock_loan_accounts
from app.ledger.posting import Line, Posted
from app.loans import book as books
from app.loans.book import Split
from app.sentences import Sentence
from app.services.idempotency.once import Answer, Claim, Render, once
from app.services.identity.principal import Principal
from app.services.loans import ending, lateness, releasing
from app.services.loans.loan import Loan, LoanView, Row, books_of, keep, lock, view
from app.services.loans.releasing import Receiver
from app.services.outbox.messages import enqueue
from app.services.savings import movements
from app.services.savings.movements import LockedJar
from app.services.savings.rows import LOCK_SAVER
from app.transactions import after_commit, queue

INSERT = (
    "INSERT INTO loan_payments (id, loan_id, kind, amount, principal, interest, charges, written_off, jar_id,"
    " transaction_id, made_on, made_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Payment:
    """What a payment did. ``split``: what it was for; ``released_to``: the jar that got the money, at the end, with
    ``badges_earned``."""

    id: UUID
    transaction_id: UUID
    amount: int
    split: Split
    jar_id: UUID | None
    made_at: datetime
    view: LoanView
    released_to: UUID | None
    badges_earned: tuple[str, ...] = ()


def repay(
    saver: Principal,
    loan_id: UUID,
    amount: int,
    *,
    jar_id: UUID | None = None,
    at: datetime,
    claim: Claim | None,
    render: Render,
) -> Answer:
    """Pay ``amount`` > 0 minor units of the saver's loan, once for ``claim``; from a jar, or from outside.

    The amount that closing costs today closes the loan. Raises NotFound, and what ``once`` does not remember; other
    refusals come rendered: ``loan_not_open``, ``more_than_owed``, ``insufficient_funds``, ``jar_closed``.
    """
    return once(claim, lambda: _repay(saver, loan_id, amount, jar_id, at=at), render)


def _repay(saver: Principal, loan_id: UUID, amount: int, jar_id: UUID | None, *, at: datetime) -> Payment:
    held: LockedJar | None = None
    if jar_id is not None:
        held = movements.lock(saver, jar_id, at=at)
    else:
        queue(LOCK_SAVER, (saver.id,))
    loan = lock(saver.id, loan_id)
    if loan.status not in ("accepted", "active"):
        raise DomainError("loan_not_open", "There is nothing to be paid back here. Nothing was taken.")
    lateness.charge([loan.id], at=at)
    today = saver.zone.date(at)
    rows = books_of([loan.id])[loan.id]
    book = [row.book for row in rows]
    owed = books.closing(book, today).total
    if amount > owed:
        raise DomainError(
            "more_than_owed",
            Sentence(
                "That is more than is owed: %(owed)s closes the loan today. Nothing was taken.",
                owed=money.format_rupees(owed, currency=current_app.config["CURRENCY"]),
            ),
        )
    if held is not None:
        if held.jar.status == "closed":
            raise DomainError("jar_closed", "This jar is closed. Nothing was moved.")
        if held.account.balance < amount:
            raise DomainError("insufficient_funds", "There is less in this jar than that. Nothing was taken.")
    split = books.pay(book, amount, today)
    keep(loan.id, book, at=at)
    receivable, locked = lock_loan_accounts(loan.id)
    charge(saver, loan, receivable, split, at=at)
    posted = _book(saver, held, receivable, amount, at=at)
    payment_id = note(loan, "repayment", split, posted, jar_id, at=at)
    notices: list[tuple[UUID, UUID]] = []
    badges: tuple[str, ...] = ()
    released = None
    if held is not None:
        source = Receiver(held.jar.id, held.jar.name, held.account, held.jar)
        releasing.keep(source, today, at=at)
    if not receivable.balance and not books.closing(book, today).total:
        rest = locked.balance
        released = ending.release(saver, loan, locked, at=at, held=held)
        ending.end(saver, loan, "repaid", at=at)
        notices, badges = ending.tell(saver, loan, "repaid", released, rest, at=at, seen=True)
    moved = {"user_id": saver.id, "transaction_id": posted.id, "kind": "repayment", "notices": notices}
    enqueue("savings.moved", moved, at)
    after_commit(lambda: forget(saver.id))
    paid_at = {row.book.number: row.paid_at for row in rows}
    now = [Row(row, (paid_at[row.number] or at) if row.paid_on else None) for row in book]
    return Payment(
        payment_id,
        posted.id,
        amount,
        split,
        jar_id,
        at,
        view(saver, loan, now, at=at),
        released.jar_id if released else None,
        badges,
    )


def charge(saver: Principal, loan: Loan, receivable: Account, split: Split, *, at: datetime) -> None:
    """Book interest and late charges of ``split`` to what is to be paid back; each has its own line.

    Below zero they are taken back. They are booked as they are paid, so nothing is ever charged on a charge.
    """
    lines = [
        Line(account, amount)
        for account, amount in (
            (receivable, -split.interest - split.charges), (LOAN_INTEREST, split.interest),
            (LATE_CHARGES, split.charges),
        )
        if amount
    ]  # fmt: skip
    if lines:
        _post(saver, None, receivable, "loan_charge", max(abs(line.amount) for line in lines), lines, at=at)


def note(
    loan: Loan, kind: str, split: Split, posted: Posted, jar_id: UUID | None, *, at: datetime, written_off: int = 0
) -> UUID:
    """Queue the row of a payment; its id."""
    payment_id: UUID = uuids.uuid7()
    row = (split.total, split.principal, split.interest, split.charges, written_off)
    queue(INSERT, (payment_id, loan.id, kind, *row, jar_id, posted.id, posted.date, at))
    return payment_id


def _book(saver: Principal, held: LockedJar | None, receivable: Account, amount: int, *, at: datetime) -> Posted:
    if held is None:
        lines = [Line(receivable, amount), Line(OUTSIDE, -amount)]
        return _post(saver, None, receivable, "loan_repayment", amount, lines, at=at)
    lines = [Line(held.account, -amount), Line(receivable, amount)]
    return _post(saver, held.jar.id, held.account, "loan_repayment", amount, lines, at=at)


def _post(
    saver: Principal, jar_id: UUID | None, about: Account, kind: str, amount: int, lines: list[Line], *, at: datetime
) -> Posted:
    return posting.post(
        user_id=saver.id,
        jar_id=jar_id,
        jar_account=about,
        kind=kind,
        amount=amount,
        lines=lines,
        day=saver.zone.date(at),
        occurred_at=at,
        recorded_at=clock.now(),
    )
