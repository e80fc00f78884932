"""The double-entry ledger: accounts, transactions, postings, and the seals over them. Amounts in minor units.

Nothing here is ever updated or deleted but the balance and head of an account: triggers and privileges in the database
see to it (migrations/).
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import DomainError
from app.extensions import Model
from app.models.identity import Instant, one_of
from app.transactions import on_violation

ACCOUNT_KINDS = (
    "jar",
    "owed",
    "outside",
    "transit",
    "interest",
    "bonus",
    "fees",
    "loan_receivable",
    "loan_locked",
    "loan_interest",
    "loan_fees",
    "late_charges",
    "loan_losses",
)
# A loan's own two accounts.
LOAN_KINDS = ("loan_receivable", "loan_locked")
# Kinds that hold a running balance and a hash chain under their row's lock. The others are the sum of their postings,
# so that no saver's movement waits for another's.
RUNNING_KINDS = ("jar", "owed", *LOAN_KINDS)
TRANSACTION_TYPES = (
    "deposit",
    "withdraw",
    "interest",
    "bonus",
    "fee",
    "transfer_in",
    "transfer_out",
    "reversal",
    "loan_accept",
    "loan_charge",
    "loan_repayment",
    "loan_release",
    "loan_default",
    "loan_cancel",
    "loan_refund",
)
#: From this amount on (minor units) movements are few enough to be found by their size.
LARGE = 1_000_000
# These may move without a jar: between a loan, the house and the world outside.
LOAN_TYPES = tuple(kind for kind in TRANSACTION_TYPES if kind.startswith("loan_"))


class LedgerAccount(Model):
    """Where money is. Savers' accounts are positive when Chhota owes the saver, ``owed`` negative when it is owed.

    A loan has two of its own: what is still to be paid back (``loan_receivable``, at most zero) and what is kept for
    the saver until then (``loan_locked``).
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        CheckConstraint(one_of("kind", ACCOUNT_KINDS), name="kind"),
        CheckConstraint("kind <> 'jar' OR balance >= 0", name="jar_not_below_zero"),
        CheckConstraint(
            f"{one_of('kind', RUNNING_KINDS)} OR (balance = 0 AND head_seq = 0)", name="no_running_balance"
        ),
        CheckConstraint("kind <> 'loan_receivable' OR balance <= 0", name="receivable_not_above_zero"),
        CheckConstraint("kind <> 'loan_locked' OR balance >= 0", name="locked_not_below_zero"),
        CheckConstraint(f"({one_of('kind', LOAN_KINDS)}) = (loan_id IS NOT NULL)", name="loan"),
        CheckConstraint("(kind = 'jar') = (jar_id IS NOT NULL)", name="jar"),
        UniqueConstraint("jar_id", name="uq_ledger_accounts_jar_id"),
        Index(
            "uq_ledger_accounts_loan_id", "loan_id", "kind", unique=True, postgresql_where=text("loan_id IS NOT NULL")
        ),
        Index("uq_ledger_accounts_owed", "user_id", unique=True, postgresql_where=text("kind = 'owed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    jar_id: Mapped[UUID | None] = mapped_column(ForeignKey("savings_jars.id"))
    loan_id: Mapped[UUID | None] = mapped_column(ForeignKey("loans.id"))
    balance: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    head_seq: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    head_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class Transaction(Model):
    """One movement. ``date`` is the saver's local day of ``occurred_at``; ``balance_after`` is the jar's.

    Where a loan moves and no jar, ``balance_after`` is the loan's receivable.
    """

    __tablename__ = "transactions"
    __table_args__ = (
        CheckConstraint(one_of("type", TRANSACTION_TYPES), name="type"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("posting_count >= 2", name="posting_count"),
        CheckConstraint(f"jar_id IS NOT NULL OR {one_of('type', LOAN_TYPES)}", name="jar"),
        CheckConstraint("(type = 'reversal') = (reversal_of IS NOT NULL)", name="reversal"),
        # One look instead of two at each movement, and more: the jar is this saver's.
        ForeignKeyConstraint(["jar_id", "user_id"], ["savings_jars.id", "savings_jars.user_id"]),
        Index(
            "uq_transactions_reversal_of", "reversal_of", unique=True, postgresql_where=text("reversal_of IS NOT NULL")
        ),
        Index("ix_transactions_jar_id", "jar_id", text("occurred_at DESC"), text("id DESC")),
        Index("ix_transactions_user_id", "user_id", text("occurred_at DESC"), text("id DESC")),
        # The console's list of all movements, sifted without a look at the row.
        Index(
            "ix_transactions_occurred_at",
            text("occurred_at DESC"),
            text("id DESC"),
            postgresql_include=["type", "amount"],
        ),
        Index(
            "ix_transactions_rare",
            "type",
            text("occurred_at DESC"),
            text("id DESC"),
            postgresql_where=text("type <> 'deposit' AND type <> 'withdraw'"),
        ),
        Index("ix_transactions_reversals", "user_id", postgresql_where=text("reversal_of IS NOT NULL")),
        Index(
            "ix_transactions_large",
            text("occurred_at DESC"),
            text("id DESC"),
            postgresql_where=text(f"amount >= {LARGE}"),
        ),
        # Few rows have an amount that is looked for: they are found by it, then put in order.
        Index("ix_transactions_amount", "amount"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID]
    jar_id: Mapped[UUID | None]
    type: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int] = mapped_column(BigInteger)
    date: Mapped[date] = mapped_column(Date)
    occurred_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    balance_after: Mapped[int] = mapped_column(BigInteger)
    posting_count: Mapped[int] = mapped_column(SmallInteger)
    reversal_of: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id"))


class TransactionNote(Model):
    """What the saver wrote beside a movement: outside the hash, so that it can be erased."""

    __tablename__ = "transaction_notes"

    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"), primary_key=True)
    note: Mapped[str] = mapped_column(String(200))


class Posting(Model):
    """One line of a transaction. ``seq``, ``balance_after`` and ``hash`` chain the lines of a running account.

    No foreign keys: one to the account would have every deposit share-lock the one row of the outside account. The
    trigger that checks the balance of a transaction, once for a statement, checks that transaction and accounts exist,
    and neither is ever deleted.
    """

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("(seq IS NULL) = (hash IS NULL) AND (seq IS NULL) = (balance_after IS NULL)", name="chain"),
        Index("uq_postings_account_id_seq", "account_id", "seq", unique=True, postgresql_where=text("seq IS NOT NULL")),
    )

    transaction_id: Mapped[UUID] = mapped_column(primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    account_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    balance_after: Mapped[int | None] = mapped_column(BigInteger)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class LedgerCheckpoint(Model):
    """A seal over the heads of all chains that moved since the one before it; also written to the object store.

    ``heads`` are gzip-compressed lines ``account_id seq hash``; ``digest`` is SHA-256 over the previous digest and the
    lines.
    """

    __tablename__ = "ledger_checkpoints"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sealed_at: Mapped[datetime] = mapped_column(Instant)
    accounts: Mapped[int] = mapped_column(Integer)
    heads: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    object_key: Mapped[str | None] = mapped_column(Text)


class SealedHead(Model):
    """How far the chain of an account is sealed: which heads the next checkpoint must take."""

    __tablename__ = "ledger_sealed_heads"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


on_violation(
    "uq_transactions_reversal_of",
    lambda: DomainError("already_reversed", "This movement has been reversed already. Nothing was changed."),
)
on_violation(
    "ck_ledger_accounts_jar_not_below_zero",
    lambda: DomainError("insufficient_funds", "There is less in this jar than that. Nothing was taken."),
)
