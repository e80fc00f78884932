"""Badges a saver has earned."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant


class Badge(Model):
    """One badge, earned once per saver (and jar, where it is about a jar), whatever runs twice."""

    __tablename__ = "badges"
    __table_args__ = (
        UniqueConstraint(
            "user_id", "badge_type", "jar_id", name="uq_badges_user_id", postgresql_nulls_not_distinct=True
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    jar_id: Mapped[UUID | None] = mapped_column(ForeignKey("savings_jars.id"))
    badge_type: Mapped[str] = mapped_column(String(32))
    earned_at: Mapped[datetime] = mapped_column(Instant)
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id"))
