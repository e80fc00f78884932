"""What savers send as files (identity papers, a photo, pictures of what they save for), and what staff export."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant, one_of

PAPERS = ("pan", "aadhaar", "passport", "voter_id", "driving_licence")
PAPER_STATES = ("pending", "verified", "rejected", "resubmit", "replaced")
#: Why a paper was not accepted, and with what a saver is asked for another photo of it.
REASONS = ("unreadable", "incomplete", "expired", "name_mismatch", "wrong_document", "not_genuine")


class StoredFile(Model):
    """An object in the store, from before it is put there until after it is gone: no object is without its row.

    ``arriving``: about to be put · ``kept`` · ``leaving``: to be deleted from the store · ``gone``. A row that stays at
    ``arriving`` belongs to an object that nobody will ask for, and is swept with it. Times are real time.
    """

    __tablename__ = "stored_files"
    __table_args__ = (
        CheckConstraint(one_of("purpose", ("paper", "photo", "jar", "export")), name="purpose"),
        CheckConstraint(one_of("status", ("arriving", "kept", "leaving", "gone")), name="status"),
        Index("uq_stored_files_key", "key", unique=True),
        Index("ix_stored_files_user_id", "user_id", "created_at"),
        Index(
            "ix_stored_files_exports",
            "created_at",
            postgresql_where=text("purpose = 'export' AND status = 'kept'"),
        ),
        Index("ix_stored_files_changed_at", "status", "changed_at", postgresql_where=text("status <> 'kept'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(120))
    content_type: Mapped[str] = mapped_column(String(32))
    size: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(8), server_default="arriving", default="arriving")
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class IdentityPaper(Model):
    """One identity paper as it was sent, and what came of it.

    ``number_hash`` finds the same number again, ``number_masked`` is shown; the number itself is nowhere. ``file_id``
    is empty once its file has left. The ``proposed_*`` columns are one reviewer's word where two are needed.
    ``decisions`` counts those that took effect.
    """

    __tablename__ = "kyc_documents"
    __table_args__ = (
        CheckConstraint(one_of("document_type", PAPERS), name="document_type"),
        CheckConstraint(one_of("status", PAPER_STATES), name="status"),
        CheckConstraint(one_of("reason", REASONS), name="reason"),
        CheckConstraint("status NOT IN ('rejected', 'resubmit') OR reason IS NOT NULL", name="refused_for_a_reason"),
        CheckConstraint("status <> 'pending' OR decided_at IS NULL", name="pending_is_undecided"),
        CheckConstraint("(number_hash IS NULL) = (number_masked IS NULL)", name="number"),
        CheckConstraint("decided_by <> user_id AND proposed_by <> user_id", name="nobody_reviews_their_own"),
        Index("ix_kyc_documents_user_id", "user_id", "id"),
        Index(
            "ix_kyc_documents_waiting", "uploaded_at", "id",
            postgresql_where=text("status = 'pending' OR proposed_status IS NOT NULL"),
        ),
        Index(
            "ix_kyc_documents_waiting_type", "document_type", "uploaded_at", "id",
            postgresql_where=text("status = 'pending' OR proposed_status IS NOT NULL"),
        ),
        Index(
            "ix_kyc_documents_proposed", "uploaded_at", "id", postgresql_where=text("proposed_status IS NOT NULL")
        ),
        Index(
            "ix_kyc_documents_refused", "decided_at",
            postgresql_where=text("file_id IS NOT NULL AND status IN ('rejected', 'resubmit')"),
        ),
        Index("ix_kyc_documents_number_hash", "number_hash", postgresql_where=text("number_hash IS NOT NULL")),
        Index(
            "uq_kyc_documents_pending", "user_id", "document_type", unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_kyc_documents_file_id", "file_id", postgresql_where=text("file_id IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    document_type: Mapped[str] = mapped_column(String(16))
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_files.id"))
    number_masked: Mapped[str | None] = mapped_column(String(24))
    number_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(8), server_default="pending", default="pending")
    reason: Mapped[str | None] = mapped_column(String(16))
    uploaded_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    proposed_status: Mapped[str | None] = mapped_column(String(8))
    proposed_reason: Mapped[str | None] = mapped_column(String(16))
    proposed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decisions: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)


class Picture(Model):
    """A saver's photo (``jar_id`` empty), or the picture of what a jar is for: one of each."""

    __tablename__ = "pictures"
    __table_args__ = (
        Index("uq_pictures_photo", "user_id", unique=True, postgresql_where=text("jar_id IS NULL")),
        Index("uq_pictures_jar_id", "jar_id", unique=True, postgresql_where=text("jar_id IS NOT NULL")),
        Index("ix_pictures_user_id", "user_id"),
        Index("ix_pictures_file_id", "file_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    jar_id: Mapped[UUID | None] = mapped_column(ForeignKey("savings_jars.id"))
    file_id: Mapped[UUID] = mapped_column(ForeignKey("stored_files.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
