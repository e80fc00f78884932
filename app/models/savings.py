"""Jars, and what moved in and out of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant, one_of

PLAN_TYPES = ("daily", "weekly", "monthly", "flexible")
JAR_STATES = ("active", "completed", "closed")


AUTO_DEPOSIT_STATES = ("waiting", "skipped", "done", "failed")


class SavingsJar(Model):
    """One goal of one saver. Amounts in minor units.

    ``current_amount`` is the balance of the jar's ledger account, written with its postings. The ``streak_*`` columns
    are the state that each movement advances (services/gamification/streaks.py): what a saver sees is read from them
    for a given day.
    """

    __tablename__ = "savings_jars"
    __table_args__ = (
        CheckConstraint(one_of("plan_type", PLAN_TYPES), name="plan_type"),
        CheckConstraint(one_of("status", JAR_STATES), name="status"),
        CheckConstraint("current_amount >= 0", name="current_amount"),
        CheckConstraint("target_amount > 0", name="target_amount"),
        CheckConstraint("installment_amount > 0", name="installment_amount"),
        CheckConstraint("end_date >= start_date", name="end_date"),
        CheckConstraint("status <> 'closed' OR current_amount = 0", name="closed_is_empty"),
        Index("ix_savings_jars_user_id", "user_id", "created_at", "id"),
        Index("ix_savings_jars_auto_deposit", "id", postgresql_where=text("auto_deposit IS NOT NULL")),
        UniqueConstraint("id", "user_id"),  # what a transaction refers to
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(60))
    plan_type: Mapped[str] = mapped_column(String(16))
    target_amount: Mapped[int] = mapped_column(BigInteger)
    installment_amount: Mapped[int | None] = mapped_column(BigInteger)
    current_amount: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date | None] = mapped_column(Date)
    status: Mapped[str] = mapped_column(String(16), server_default="active", default="active")
    completed_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    auto_deposit: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    streak_count: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    streak_longest: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    streak_run: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    streak_period: Mapped[date | None] = mapped_column(Date)
    streak_net: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    streak_previous_net: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    streak_kept_through: Mapped[date | None] = mapped_column(Date)
    # First and last day of each pause, oldest first: [["2026-05-01", "2026-05-09"]]. NULL where there was none.
    pauses: Mapped[list[list[str]] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Instant)
    # The saver's local day of ``created_at``, which a change of zone does not move. NULL only where an older version
    # made the jar while this one was rolled out.
    made_on: Mapped[date | None] = mapped_column(Date)


class PastJarTerms(Model):
    """What a jar asked for until an instant at which that was changed: scores of the past are made of it."""

    __tablename__ = "past_jar_terms"

    jar_id: Mapped[UUID] = mapped_column(ForeignKey("savings_jars.id"), primary_key=True)
    until: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    end_date: Mapped[date | None] = mapped_column(Date)
    completed_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)


class AutoDepositTurn(Model):
    """One due day of a jar's standing instruction, from the notice a day ahead to what came of it.

    ``amount`` in minor units, as the saver was told. ``attempts``: tries that were refused, three at most.
    ``trying_since``: when the try began whose outcome is not known yet. Its money may have been taken: the same try is
    asked about until it is known, and counts by that instant.
    """

    __tablename__ = "auto_deposit_turns"
    __table_args__ = (
        CheckConstraint(one_of("status", AUTO_DEPOSIT_STATES), name="status"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("attempts BETWEEN 0 AND 3", name="attempts"),
        Index("ix_auto_deposit_turns_next_try_at", "next_try_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_auto_deposit_turns_due_on", "due_on"),
    )

    jar_id: Mapped[UUID] = mapped_column(ForeignKey("savings_jars.id"), primary_key=True)
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(8), server_default="waiting", default="waiting")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    told_at: Mapped[datetime] = mapped_column(Instant)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    trying_since: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None] = mapped_column(String(120))
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id"))
