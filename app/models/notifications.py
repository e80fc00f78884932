"""What savers are told: the inbox, what left for elsewhere, and the devices it goes to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant, one_of

KINDS = (
    "deposit_received",
    "auto_deposit",
    "streak_at_risk",
    "streak_changed",
    "badge_earned",
    "target_reached",
    "score_changed",
    "instalment_due",
    "loan_ended",
    "kyc_decided",
    "new_device",
    "weekly_digest",
    "support_answered",
    "account_changed",
)
CHANNELS = ("email", "push", "webpush", "sms")


class Notification(Model):
    """One thing that a saver is told, written with its cause. Ids are in the order of time.

    ``facts`` are what the words are made of when they are read (services/notifications/words.py). ``once``: what a
    saver is told once only, whatever runs twice. No foreign key: every deposit writes a row, and no person's row ever
    goes. Nothing here is part of the ledger; all of it can be erased.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        Index("uq_notifications_once", "user_id", "once", unique=True, postgresql_where=text("once IS NOT NULL")),
        Index("ix_notifications_unread", "user_id", "id", postgresql_where=text("read_at IS NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    once: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)


class PushDevice(Model):
    """A phone (Expo) or browser (web push) that takes notifications. It goes quiet when its sign-in ends.

    ``address``: an Expo push token, or the endpoint of the browser's push service with its ``keys``.
    """

    __tablename__ = "push_devices"
    __table_args__ = (
        CheckConstraint(one_of("kind", ("expo", "web")), name="kind"),
        CheckConstraint("(kind = 'web') = (keys IS NOT NULL)", name="keys"),
        Index("ix_push_devices_user_id", "user_id"),
        Index("ix_push_devices_family_id", "family_id"),
        Index("uq_push_devices_address", "address", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    family_id: Mapped[UUID] = mapped_column(ForeignKey("refresh_families.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    address: Mapped[str] = mapped_column(String(1000))
    keys: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Delivery(Model):
    """One notification on its way out by one channel: kept as the log of what left.

    ``due_at``: not before (quiet hours, a later try). ``expires_at``: of no use after. ``device_id`` for push.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(one_of("channel", CHANNELS), name="channel"),
        CheckConstraint(one_of("status", ("waiting", "sent", "expired", "dead")), name="status"),
        Index(
            "uq_deliveries_notification",
            "user_id",
            "notification_id",
            "channel",
            "device_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_deliveries_due_at", "channel", "due_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_deliveries_channel", "channel", text("id DESC")),
        Index("ix_deliveries_unsent", "status", text("id DESC"), postgresql_where=text("status <> 'sent'")),
        Index("ix_deliveries_dead", "id", postgresql_where=text("status = 'dead'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[UUID]
    notification_id: Mapped[UUID]
    channel: Mapped[str] = mapped_column(String(8))
    device_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(String(8), server_default="waiting", default="waiting")
    due_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
