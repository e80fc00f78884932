"""The newest score of each saver."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant


class CreditScore(Model):
    """Chhota's own score, 300 to 900; null while there is no history."""

    __tablename__ = "credit_scores"
    __table_args__ = (
        UniqueConstraint("user_id", name="uq_credit_scores_user_id"),
        CheckConstraint("score BETWEEN 300 AND 900", name="score"),
        CheckConstraint("predicted_score BETWEEN 300 AND 900", name="predicted_score"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    score: Mapped[int | None] = mapped_column(SmallInteger)
    predicted_score: Mapped[int | None] = mapped_column(SmallInteger)
    last_updated: Mapped[datetime] = mapped_column(Instant)
