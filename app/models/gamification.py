"""Freezes and badges."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint, text
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


class SaverHabit(Model):
    """What all jars of a saver have in common (services/gamification/habit.py).

    ``closed_through``: the last local day whose closing periods have been dealt with; NULL where the history has yet to
    be gone through as a whole.
    """

    __tablename__ = "saver_habits"
    __table_args__ = (
        CheckConstraint("freezes_held BETWEEN 0 AND 2", name="freezes_held"),
        CheckConstraint("freeze_parts BETWEEN 0 AND 27", name="freeze_parts"),
        Index("ix_saver_habits_time_zone", "time_zone", "closed_through", "user_id"),
        Index("ix_saver_habits_user_id", "user_id", postgresql_where=text("closed_through IS NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))  # the saver's, by trigger
    freezes_held: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    freeze_parts: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    closed_through: Mapped[date | None] = mapped_column(Date)
    week_closed: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    week_on_time: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    month_closed: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    month_on_time: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    all_closed: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    all_on_time: Mapped[int] = mapped_column(Integer, server_default="0", default=0)


class FrozenPeriod(Model):
    """A missed period that a freeze was used on, on the day it closed."""

    __tablename__ = "frozen_periods"

    jar_id: Mapped[UUID] = mapped_column(ForeignKey("savings_jars.id"), primary_key=True)
    period_start: Mapped[date] = mapped_column(Date, primary_key=True)
    closed_on: Mapped[date] = mapped_column(Date)
