"""What staff and the system did that must be answered for."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant


class AuditEntry(Model):
    """One entry of the append-only, hash-chained log. ``details`` hold ids and amounts, never personal data."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_subject", "subject_type", "subject_id", text("at DESC"), text("id DESC")),
        Index(
            "ix_audit_log_actor_id",
            "actor_id",
            text("at DESC"),
            text("id DESC"),
            postgresql_where=text("actor_id IS NOT NULL"),
        ),
        Index("ix_audit_log_action", "action", text("at DESC"), text("id DESC")),
        Index("ix_audit_log_actor", "actor", text("at DESC"), text("id DESC")),
        Index("ix_audit_log_at", text("at DESC"), text("id DESC")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor_id: Mapped[UUID | None]
    actor: Mapped[str] = mapped_column(String(32))
    action: Mapped[str] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    request_id: Mapped[str | None] = mapped_column(String(128))
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHead(Model):
    """The one row whose lock orders the log: the number and hash of its last entry."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_id: Mapped[int] = mapped_column(BigInteger)
    last_hash: Mapped[bytes] = mapped_column(LargeBinary)
