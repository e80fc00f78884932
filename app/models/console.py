"""What staff see and do in the operations console: figures kept ready, reversals that wait, notes about savers."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import DomainError
from app.extensions import Model
from app.models.identity import Instant, one_of
from app.transactions import on_violation

REVERSAL_STATES = ("waiting", "approved", "declined", "void", "withdrawn")
#: Why a second member of staff decides: how much it is, or that the saver would owe some of it.
REVERSAL_WHYS = ("limit", "owed")


class ReversalRequest(Model):
    """A reversal that one member of staff asked for and a second one decides about.

    ``void``: what was asked for had been taken back otherwise, or can no longer be, when it was to be approved.
    ``withdrawn``: by whoever asked, at ``decided_at``.
    ``reversal_id``: the transaction that an approval booked. ``reason``: why, in a sentence without anybody's name.
    """

    __tablename__ = "reversal_requests"
    __table_args__ = (
        CheckConstraint(one_of("status", REVERSAL_STATES), name="status"),
        CheckConstraint(one_of("why", REVERSAL_WHYS), name="why"),
        CheckConstraint("decided_by <> requested_by", name="nobody_decides_their_own"),
        CheckConstraint("(status = 'waiting') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (status IN ('waiting', 'withdrawn'))", name="decided_by"),
        CheckConstraint("(status = 'approved') = (reversal_id IS NOT NULL)", name="approved"),
        Index(
            "uq_reversal_requests_waiting",
            "transaction_id",
            unique=True,
            postgresql_where=text("status = 'waiting'"),
        ),
        Index("ix_reversal_requests_waiting", "requested_at", "id", postgresql_where=text("status = 'waiting'")),
        Index("ix_reversal_requests_status", "status", text("requested_at DESC"), text("id DESC")),
        Index("ix_reversal_requests_requested_at", text("requested_at DESC"), text("id DESC")),
        Index("ix_reversal_requests_transaction_id", "transaction_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("transactions.id"))
    reason: Mapped[str] = mapped_column(String(200))
    why: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(16), server_default="waiting", default="waiting")
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    reversal_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id"))


class SaverNote(Model):
    """What a member of staff noted about a saver. Only added to; an erasure leaves the row without its words."""

    __tablename__ = "saver_notes"
    __table_args__ = (Index("ix_saver_notes_user_id", "user_id", text("at DESC"), text("id DESC")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str] = mapped_column(Text)


class DailyFigure(Model):
    """How many movements of one type a local day has, and their sum in minor units, as of the newest count."""

    __tablename__ = "daily_figures"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    type: Mapped[str] = mapped_column(String(16), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)


class StandingFigure(Model):
    """A figure over all savers, and the instant it is of."""

    __tablename__ = "standing_figures"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    as_of: Mapped[datetime] = mapped_column(Instant)


on_violation(
    "uq_reversal_requests_waiting",
    lambda: DomainError("reversal_waits", "Somebody has asked for this reversal already: a second person decides."),
)
