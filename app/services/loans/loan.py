"""A loan as plain values: its row, its book, and what can be said of it on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson

from app.errors import NotFound
from app.loans import book as books
from app.loans.book import Instalment, Split
from app.loans.policy import Policy, policy
from app.loans.schedule import months_after, schedule
from app.loans.terms import percent
from app.models.loans import CANCEL_REASONS, LOAN_STATES
from app.services.identity.principal import Principal
from app.transactions import fetch, queue

__all__ = ["CANCEL_REASONS", "LOAN_STATES", "Loan", "LoanView", "page", "read", "statement"]

COLUMNS = (
    "l.id, l.user_id, l.decision_id, l.loan_policy_version, l.amount, l.tenure_months, l.rate, l.fee, l.apr,"
    " l.instalment, l.statement_version, l.status, l.offered_at, l.expires_at, l.accepted_at, l.accepted_on,"
    " l.cancel_until, l.jar_id, l.ended_at, l.ended_on, l.cancel_reason"
)
BOOK = (
    "SELECT loan_id, number, starts_on, due_on, principal, interest, paid_principal, paid_interest, waived, charge,"
    " paid_charge, paid_on, paid_at FROM loan_instalments WHERE loan_id = ANY(%s::uuid[]) ORDER BY loan_id, number"
)
PAGE = f"""
SELECT {COLUMNS} FROM loans l WHERE l.user_id = %(user)s {{which}} {{after}} ORDER BY l.offered_at DESC, l.id DESC
LIMIT %(limit)s
"""  # noqa: S608  constants only


@dataclass(slots=True)
class Loan:
    """One row of ``loans`` in the order of ``COLUMNS``. Amounts in minor units, rates in hundredths of a percent."""

    id: UUID
    user_id: UUID
    decision_id: UUID
    loan_policy_version: str
    amount: int
    tenure_months: int
    rate: int
    fee: int
    apr: int
    instalment: int
    statement_version: str
    status: str
    offered_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    accepted_on: date | None
    cancel_until: datetime | None
    jar_id: UUID | None
    ended_at: datetime | None
    ended_on: date | None
    cancel_reason: str | None

    @property
    def policy(self) -> Policy:
        """The rules that it was offered under."""
        return policy(self.loan_policy_version)

    @property
    def locked(self) -> int:
        """What is kept for the saver while it is open."""
        return self.amount - self.fee

    def status_at(self, at: datetime) -> str:
        """The status by time, also where the job that writes it has yet to run."""
        if self.status == "offered" and self.expires_at <= at:
            return "cancelled"
        if self.status == "accepted" and self.cancel_until is not None and self.cancel_until <= at:
            return "active"
        return self.status


@dataclass(frozen=True, slots=True)
class Row:
    """An instalment as its saver sees it; ``paid_at`` is the instant at which it was paid."""

    book: Instalment
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class LoanView:
    """A loan with what can be said of it at an instant, on the saver's ``today``. Amounts in minor units.

    Of an offer that nobody has accepted, due days are those that it would have if it were accepted today.
    """

    loan: Loan
    rows: tuple[Row, ...]
    at: datetime
    today: date

    @property
    def status(self) -> str:
        """See ``LOAN_STATES``; an offer that has run out is cancelled."""
        return self.loan.status_at(self.at)

    @property
    def cancel_reason(self) -> str | None:
        """Why it is cancelled; an offer whose time is over has expired, written or not."""
        return "expired" if self.loan.status == "offered" and self.status == "cancelled" else self.loan.cancel_reason

    @property
    def open(self) -> bool:
        """Whether something is to be paid back."""
        return self.status in ("accepted", "active")

    @property
    def book(self) -> list[Instalment]:
        """The instalments alone."""
        return [row.book for row in self.rows]

    @property
    def apr(self) -> str:
        """In percent."""
        return percent(self.loan.apr)

    @property
    def interest_rate(self) -> str:
        """In percent."""
        return percent(self.loan.rate)

    @property
    def outstanding(self) -> int:
        """The principal that is to be paid back yet."""
        return books.owed(self.book) if self.open else 0

    @property
    def closing(self) -> Split | None:
        """What closing it today costs; None where nothing is to be paid back."""
        return books.closing(self.book, self.today) if self.open else None

    @property
    def overdue(self) -> int:
        """What was due before today and is not paid, late charges included."""
        if not self.open:
            return 0
        late = books.overdue(self.book, self.today)
        return sum(row.open for row in late) + sum(row.open_charge for row in self.book)

    @property
    def days_overdue(self) -> int:
        """Since the oldest unpaid due day."""
        late = books.overdue(self.book, self.today) if self.open else []
        return (self.today - late[0].due_on).days if late else 0

    @property
    def next_due(self) -> Instalment | None:
        """The oldest instalment that is not paid."""
        return next((row for row in self.book if row.paid_on is None), None) if self.open else None

    @property
    def charges(self) -> int:
        """Late charges that are not paid."""
        return sum(row.open_charge for row in self.book) if self.open else 0

    @property
    def asked(self) -> int:
        """What to pay next: all that is due by today, with late charges; where nothing is, the next instalment."""
        if self.closing is None:
            return 0
        due = sum(row.open for row in self.book if row.paid_on is None and row.due_on <= self.today) + self.charges
        if not due and self.next_due is not None:
            due = self.next_due.open
        # Closing may cost less than the last instalment: interest runs up to the day only.
        return min(due, self.closing.total)

    @property
    def paid(self) -> int:
        """All that was paid so far."""
        return sum(row.paid_principal + row.paid_interest + row.paid_charge for row in self.book)


def read(saver: Principal, loan_id: UUID, *, at: datetime) -> LoanView:
    """One loan of the saver. Raises NotFound, also for somebody else's."""
    rows = fetch(
        f"SELECT {COLUMNS} FROM loans l WHERE l.id = %s AND l.user_id = %s",  # noqa: S608  constants only
        (loan_id, saver.id),
    )
    if not rows:
        raise NotFound
    return _views(saver, [Loan(*rows[0])], at)[0]


def page(
    saver: Principal, *, at: datetime, limit: int, after: tuple[datetime, UUID] | None = None, past_offers: bool = True
) -> tuple[list[LoanView], tuple[datetime, UUID] | None]:
    """Up to ``limit`` of the saver's loans and offers, newest first, and where the next page begins.

    ``past_offers``: with offers that nobody took and that are over.
    """
    rows = fetch(
        PAGE.format(
            which="" if past_offers else "AND (l.accepted_at IS NOT NULL OR l.status = 'offered')",
            after="AND (l.offered_at, l.id) < (%(after)s, %(after_id)s)" if after else "",
        ),
        {"user": saver.id, "limit": limit + 1, "after": after and after[0], "after_id": after and after[1]},
    )
    loans = [Loan(*row) for row in rows[:limit]]
    last = loans[-1] if len(rows) > limit else None
    return _views(saver, loans, at), (last.offered_at, last.id) if last else None


def lock(user_id: UUID, loan_id: UUID) -> Loan:
    """The saver's loan, its row locked; the caller holds the saver's lock. Raises NotFound."""
    rows = fetch(
        f"SELECT {COLUMNS} FROM loans l WHERE l.id = %s AND l.user_id = %s FOR NO KEY UPDATE",  # noqa: S608
        (loan_id, user_id),
    )
    if not rows:
        raise NotFound
    return Loan(*rows[0])


def statement(saver: Principal, loan_id: UUID) -> dict[str, Any]:
    """The key fact statement of the saver's loan as it was written, with its ``version``. Raises NotFound."""
    rows = fetch("SELECT statement, statement_version FROM loans WHERE id = %s AND user_id = %s", (loan_id, saver.id))
    if not rows:
        raise NotFound
    text, version = rows[0]
    return {"version": version, **orjson.loads(text)}


def books_of(loan_ids: list[UUID]) -> dict[UUID, list[Row]]:
    """The instalments of accepted loans, by loan."""
    found: dict[UUID, list[Row]] = {loan_id: [] for loan_id in loan_ids}
    for loan_id, *columns, paid_at in fetch(BOOK, ([str(loan_id) for loan_id in loan_ids],)) if loan_ids else ():
        found[loan_id].append(Row(Instalment(*columns), paid_at))
    return found


def view(saver: Principal, loan: Loan, rows: list[Row], *, at: datetime) -> LoanView:
    """The loan as its saver sees it at ``at``."""
    today = saver.zone.date(at)
    if not rows:
        rows = [Row(row, None) for row in new_book(loan, today)]
    return LoanView(loan, tuple(rows), at, today)


def new_book(loan: Loan, accepted_on: date) -> list[Instalment]:
    """The instalments of a loan that is accepted on that day."""
    return [
        Instalment(
            part.number,
            months_after(accepted_on, part.number - 1),
            months_after(accepted_on, part.number),
            part.principal,
            part.interest,
        )
        for part in schedule(loan.amount, loan.rate, loan.tenure_months)
    ]


KEEP = """
UPDATE loan_instalments i SET paid_principal = n.paid_principal, paid_interest = n.paid_interest, waived = n.waived,
    paid_charge = n.paid_charge, paid_on = n.paid_on, paid_at = CASE WHEN n.paid_on IS NULL THEN NULL
        ELSE coalesce(i.paid_at, %(at)s) END
FROM unnest(%(number)s::smallint[], %(paid_principal)s::bigint[], %(paid_interest)s::bigint[], %(waived)s::bigint[],
    %(paid_charge)s::bigint[], %(paid_on)s::date[])
    AS n (number, paid_principal, paid_interest, waived, paid_charge, paid_on)
WHERE i.loan_id = %(loan)s AND i.number = n.number
"""


def keep(loan_id: UUID, book: list[Instalment], *, at: datetime) -> None:
    """Queue what a payment changed of the book."""
    names = ("number", "paid_principal", "paid_interest", "waived", "paid_charge", "paid_on")
    queue(KEEP, {name: [getattr(row, name) for row in book] for name in names} | {"loan": loan_id, "at": at})


def _views(saver: Principal, loans: list[Loan], at: datetime) -> list[LoanView]:
    accepted = books_of([loan.id for loan in loans if loan.accepted_at is not None])
    return [view(saver, loan, accepted.get(loan.id, []), at=at) for loan in loans]
