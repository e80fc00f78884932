"""Loans: decisions about who may have one, offers and what became of them, instalments, payments.

What is written here is what the ledger books in the same transaction; services/loans/checking.py holds the two
together. Triggers in the database keep decisions, payments and the terms of an offer as they were written, and let a
loan's status move only as ``MOVES`` has it (migrations/).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import DomainError
from app.extensions import Model
from app.models.identity import Instant, one_of
from app.transactions import on_violation

LOAN_STATES = ("offered", "accepted", "active", "repaid", "cancelled", "defaulted")
#: From which state to which others a loan may move.
MOVES: dict[str, tuple[str, ...]] = {
    "offered": ("accepted", "cancelled"),
    "accepted": ("active", "repaid", "cancelled"),
    "active": ("repaid", "defaulted"),
    "repaid": (),
    "cancelled": (),
    "defaulted": (),
}
#: Why a loan is ``cancelled``: the offer ran out, another took its place, the saver did not want it.
CANCEL_REASONS = ("expired", "replaced", "declined", "cooling_off")
PAYMENT_KINDS = ("repayment", "refund", "default")


class LoanDecision(Model):
    """Whether a saver may have a loan, as it was decided: ``assessment`` has every check and figure.

    ``features`` are those of the score as they were kept with it. Never changed.
    """

    __tablename__ = "loan_decisions"
    __table_args__ = (Index("ix_loan_decisions_user_id", "user_id", text("decided_at DESC"), text("id DESC")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime] = mapped_column(Instant)
    valid_until: Mapped[datetime] = mapped_column(Instant)
    eligible: Mapped[bool]
    assessment: Mapped[dict[str, Any]] = mapped_column(JSONB)
    features: Mapped[dict[str, Any]] = mapped_column(JSONB)
    loan_policy_version: Mapped[str] = mapped_column(String(32))
    score: Mapped[int | None] = mapped_column(SmallInteger)
    score_as_of: Mapped[datetime | None] = mapped_column(Instant)
    policy_version: Mapped[str | None] = mapped_column(String(32))
    model_version: Mapped[str | None] = mapped_column(String(32))


class Loan(Model):
    """One offer of a credit-builder loan, and what became of it. Amounts in minor units.

    ``rate`` and ``apr``: a year, in hundredths of a percent. ``statement``: the canonical text of the key fact
    statement, whose SHA-256 is ``statement_version``. ``cancel_until``: the end of the cooling-off. ``jar_id``: where
    the money goes at the end, None for a new jar. ``accepted_in``: the sign-in that accepted.
    """

    __tablename__ = "loans"
    __table_args__ = (
        CheckConstraint(one_of("status", LOAN_STATES), name="status"),
        CheckConstraint("amount > 0 AND fee >= 0 AND fee < amount AND tenure_months > 0", name="terms"),
        CheckConstraint(
            "(accepted_at IS NULL) = (cancel_until IS NULL) AND (accepted_at IS NULL) = (accepted_on IS NULL)",
            name="accepted",
        ),
        CheckConstraint("status NOT IN ('accepted', 'active', 'repaid', 'defaulted') OR accepted_at IS NOT NULL",
                        name="accepted_first"),
        CheckConstraint("status <> 'offered' OR accepted_at IS NULL", name="offered"),
        CheckConstraint("(status IN ('repaid', 'cancelled', 'defaulted')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(ended_at IS NULL) = (ended_on IS NULL)", name="ended_on"),
        CheckConstraint("(status = 'cancelled') = (cancel_reason IS NOT NULL)", name="cancelled"),
        CheckConstraint(one_of("cancel_reason", CANCEL_REASONS), name="cancel_reason"),
        Index("ix_loans_user_id", "user_id", text("offered_at DESC"), text("id DESC")),
        # One offer and one loan at a time, whoever asks twice at once.
        Index("uq_loans_offered", "user_id", unique=True, postgresql_where=text("status = 'offered'")),
        Index("uq_loans_open", "user_id", unique=True, postgresql_where=text("status IN ('accepted', 'active')")),
        Index("ix_loans_expires_at", "expires_at", postgresql_where=text("status = 'offered'")),
        Index("ix_loans_offered_at", text("offered_at DESC"), text("id DESC")),
        Index("ix_loans_status", "status", text("offered_at DESC"), text("id DESC")),
        Index("ix_loans_cancel_until", "cancel_until", postgresql_where=text("status = 'accepted'")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("loan_decisions.id"))
    loan_policy_version: Mapped[str] = mapped_column(String(32))
    amount: Mapped[int] = mapped_column(BigInteger)
    tenure_months: Mapped[int] = mapped_column(SmallInteger)
    rate: Mapped[int] = mapped_column(Integer)
    fee: Mapped[int] = mapped_column(BigInteger)
    apr: Mapped[int] = mapped_column(Integer)
    instalment: Mapped[int] = mapped_column(BigInteger)
    statement: Mapped[str] = mapped_column(Text)
    statement_version: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16), server_default="offered", default="offered")
    offered_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    accepted_at: Mapped[datetime | None] = mapped_column(Instant)
    accepted_on: Mapped[date | None] = mapped_column(Date)
    accepted_in: Mapped[UUID | None]
    cancel_until: Mapped[datetime | None] = mapped_column(Instant)
    jar_id: Mapped[UUID | None] = mapped_column(ForeignKey("savings_jars.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_on: Mapped[date | None] = mapped_column(Date)
    cancel_reason: Mapped[str | None] = mapped_column(String(16))


class LoanInstalment(Model):
    """One instalment of an accepted loan (app/loans/book.py). ``paid_on``: the saver's day on which it was paid.

    ``user_id`` as its loan has it: the scores of a million savers are made of these.
    """

    __tablename__ = "loan_instalments"
    __table_args__ = (
        CheckConstraint("paid_principal BETWEEN 0 AND principal", name="paid_principal"),
        CheckConstraint("waived BETWEEN 0 AND interest AND paid_interest BETWEEN 0 AND interest - waived",
                        name="paid_interest"),
        CheckConstraint("charge > 0", name="charge"),
        CheckConstraint("paid_charge BETWEEN 0 AND coalesce(charge, 0)", name="paid_charge"),
        CheckConstraint(
            "(paid_on IS NOT NULL) = (paid_principal + paid_interest + waived = principal + interest)", name="paid"
        ),
        CheckConstraint("(paid_on IS NULL) = (paid_at IS NULL)", name="paid_at"),
        CheckConstraint("starts_on < due_on", name="month"),
        Index("ix_loan_instalments_user_id", "user_id"),
        Index("ix_loan_instalments_due_on", "due_on", "loan_id", postgresql_where=text("paid_on IS NULL")),
    )  # fmt: skip

    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    starts_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    principal: Mapped[int] = mapped_column(BigInteger)
    interest: Mapped[int] = mapped_column(BigInteger)
    paid_principal: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    paid_interest: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    waived: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    charge: Mapped[int | None] = mapped_column(BigInteger)
    paid_charge: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    paid_on: Mapped[date | None] = mapped_column(Date)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)


class LoanPayment(Model):
    """What was paid, given back by a cancel (below zero), or settled by a default; never changed.

    ``amount`` is ``principal``, ``interest`` and ``charges``. ``jar_id``: where the money came from or went to, None
    for the world outside and for the locked money. ``written_off``: principal that a default left uncovered.
    """

    __tablename__ = "loan_payments"
    __table_args__ = (
        CheckConstraint(one_of("kind", PAYMENT_KINDS), name="kind"),
        CheckConstraint("amount = principal + interest + charges", name="sum"),
        CheckConstraint("(kind = 'refund') = (amount < 0)", name="direction"),
        CheckConstraint("written_off >= 0", name="written_off"),
        Index("ix_loan_payments_loan_id", "loan_id", "made_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    loan_id: Mapped[UUID] = mapped_column(ForeignKey("loans.id"))
    kind: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int] = mapped_column(BigInteger)
    principal: Mapped[int] = mapped_column(BigInteger)
    interest: Mapped[int] = mapped_column(BigInteger)
    charges: Mapped[int] = mapped_column(BigInteger)
    written_off: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    jar_id: Mapped[UUID | None] = mapped_column(ForeignKey("savings_jars.id"))
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    made_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(Instant)


on_violation(
    "uq_loans_open", lambda: DomainError("loan_open", "There is a loan already. It has to be over before the next.")
)
