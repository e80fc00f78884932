"""Scores, how they came about, and the models that predict."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import (
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant, one_of

SCORE_STATES = ("no_history", "provisional", "scored")
MODEL_STATES = ("candidate", "serving", "retired")
HEALTH_VERDICTS = ("ok", "drifting", "unknown", "refused")
CAUSES = (
    "deposit",
    "withdrawal",
    "reversal",
    "period_closed",
    "jar_changed",
    "repayment",
    "model",
    "policy",
    "recalculation",
)


class Scored:
    """What a score is, wherever it is kept.

    ``probability``: that the next period is on time. ``as_of``: the instant whose history it is of. ``points``: of the
    policy's factors, in its order; with the policy's base they add up to ``score``. ``features``: what was measured, by
    the names of ``feature_set`` (services/credit/scoring.py). ``model_version`` is NULL where the rule predicts.
    """

    status: Mapped[str] = mapped_column(String(12), server_default="no_history", default="no_history")
    score: Mapped[int | None] = mapped_column(SmallInteger)
    predicted_score: Mapped[int | None] = mapped_column(SmallInteger)
    probability: Mapped[float | None] = mapped_column(Double)
    policy_version: Mapped[str] = mapped_column(String(32), server_default="rule-1", default="rule-1")
    model_version: Mapped[str | None] = mapped_column(String(32))
    feature_set: Mapped[int] = mapped_column(SmallInteger, server_default="1", default=1)
    points: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger), server_default=text("'{}'"), default=list)
    features: Mapped[list[float]] = mapped_column(ARRAY(Double), server_default=text("'{}'"), default=list)


class CreditScore(Scored, Model):
    """The newest score of each saver: Chhota's own, 300 to 900; null while there is no history.

    ``reasons``: codes of the factors that cost most, the costliest first. ``first_score``: the first that was not
    provisional. ``told_score`` and ``told_at``: what the saver was last told, and when (services/credit/storing.py).
    """

    __tablename__ = "credit_scores"
    __table_args__ = (
        UniqueConstraint("user_id", name="uq_credit_scores_user_id"),
        CheckConstraint("score BETWEEN 300 AND 900", name="score"),
        CheckConstraint("predicted_score BETWEEN 300 AND 900", name="predicted_score"),
        CheckConstraint(one_of("status", SCORE_STATES), name="status"),
        CheckConstraint("(status = 'no_history') = (score IS NULL)", name="no_score_without_history"),
        # Most recalculations change no score, and then this costs nothing.
        Index("ix_credit_scores_score", "score", "user_id", postgresql_where=text("score IS NOT NULL")),
        Index("ix_credit_scores_unscored", "status", "user_id", postgresql_where=text("status <> 'scored'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    as_of: Mapped[datetime] = mapped_column(Instant)
    last_updated: Mapped[datetime] = mapped_column(Instant)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(String(16)), server_default=text("'{}'"), default=list)
    first_score: Mapped[int | None] = mapped_column(SmallInteger)
    told_score: Mapped[int | None] = mapped_column(SmallInteger)
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class ScoreChange(Scored, Model):
    """One change of a saver's score, with what brought it about.

    It is written by the statement that writes the saver's row of ``credit_scores``, which refers to the saver: another
    look for each of a million would be half of what keeping them takes.
    """

    __tablename__ = "credit_score_history"
    __table_args__ = (
        CheckConstraint(one_of("cause", CAUSES), name="cause"),
        Index("ix_credit_score_history_user_id", "user_id", text("as_of DESC"), text("id DESC")),
        # Of one column: many rows share an instant, and are then kept in one entry.
        Index("ix_credit_score_history_as_of", "as_of"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID]
    as_of: Mapped[datetime] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(String(16))
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("transactions.id"))


class ScoreModel(Model):
    """A model that was trained: its file lies in the object store or in a folder, by this digest only.

    ``card``: what it was trained on and how good it was. ``number`` is the one in ``version``. ``trouble``: why a
    process could not take it into service when it last tried (a code), and since when; the rule serves meanwhile.
    """

    __tablename__ = "score_models"
    __table_args__ = (
        CheckConstraint(one_of("status", MODEL_STATES), name="status"),
        UniqueConstraint("number", name="uq_score_models_number"),
        UniqueConstraint("sha256", name="uq_score_models_sha256"),
        Index("uq_score_models_serving", "status", unique=True, postgresql_where=text("status = 'serving'")),
    )

    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(12))
    location: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    size: Mapped[int] = mapped_column(Integer)
    card: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Instant)
    promoted_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    trouble: Mapped[str | None] = mapped_column(String(32))
    trouble_since: Mapped[datetime | None] = mapped_column(Instant)


class ScoreHealth(Model):
    """How predictions of the model in service have held up on periods that closed since, and how inputs have moved.

    ``verdict``: ``ok``, ``drifting``, or ``unknown`` where too little has closed, ``refused`` where the model's file
    cannot be used; ``report`` has the figures and reasons.
    """

    __tablename__ = "score_health"
    __table_args__ = (
        CheckConstraint(one_of("verdict", HEALTH_VERDICTS), name="verdict"),
        Index("ix_score_health_measured_at", "measured_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    measured_at: Mapped[datetime] = mapped_column(Instant)
    model_version: Mapped[str | None] = mapped_column(String(32))
    verdict: Mapped[str] = mapped_column(String(12))
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
