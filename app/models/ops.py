"""What operators and staff do: imports of histories, jobs, the product's clock, and answers to savers who ask."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant, one_of

#: What a saver may ask about.
ABOUT = ("score", "loan", "transaction")


class ImportRun(Model):
    """One history taken in, of one file or several.

    ``rows_done`` counts data rows booked or refused: an interrupted run goes on from there.
    """

    __tablename__ = "import_runs"
    __table_args__ = (
        CheckConstraint(one_of("status", ("running", "done")), name="status"),
        UniqueConstraint("file_hash", "mapping_hash", name="uq_import_runs_file_hash"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    source: Mapped[str] = mapped_column(String(64))
    file_hash: Mapped[bytes] = mapped_column(LargeBinary)
    mapping_hash: Mapped[bytes] = mapped_column(LargeBinary)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(String(16))
    rows_done: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    rows_booked: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    rows_refused: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class ImportAccount(Model):
    """Which saver and jar one account of the file became, and its balance by the file where the file gives one."""

    __tablename__ = "import_accounts"
    __table_args__ = (Index("ix_import_accounts_jar_id", "jar_id"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_runs.id"), primary_key=True)
    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    jar_id: Mapped[UUID] = mapped_column(ForeignKey("savings_jars.id"))
    file_balance: Mapped[int | None] = mapped_column(BigInteger)


class ImportRefusal(Model):
    """One row that could not be booked, and why: the file's number in the run and its line (the header is line 1)."""

    __tablename__ = "import_refusals"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_runs.id"), primary_key=True)
    file: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text)
    row: Mapped[str] = mapped_column(Text)


class JobRun(Model):
    """One run of a job, from its order to its end: what staff see, and what keeps it from running twice at once.

    ``heartbeat_at`` is written as it goes on: a run whose worker died is told by its silence, and taken over, which
    ``attempts`` counts: it keeps a worker that was only slow from writing into a run that is not its own any more.
    ``cursor``: how far a run that goes through things in their order has come, in its own words.
    """

    __tablename__ = "job_runs"
    __table_args__ = (
        CheckConstraint(one_of("status", ("queued", "running", "done", "failed")), name="status"),
        Index("uq_job_runs_kind", "kind", unique=True, postgresql_where=text("status IN ('queued', 'running')")),
        Index("ix_job_runs_created_at", "created_at"),
        Index("ix_job_runs_kind", "kind", text("created_at DESC"), text("id DESC")),
        Index(
            "ix_job_runs_failed",
            text("created_at DESC"),
            text("id DESC"),
            postgresql_where=text("status = 'failed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    kind: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(8), server_default="queued", default="queued")
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"), default=dict)
    done: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    total: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="1", default=1)
    cursor: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    heartbeat_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None] = mapped_column(Text)


class JobMark(Model):
    """When a kind of job last ran, whether it found work or not, and how that ended.

    ``covered_until``: the product's instant up to which its runs have done what was to be done.
    """

    __tablename__ = "job_marks"
    __table_args__ = (CheckConstraint(one_of("outcome", ("done", "nothing", "failed")), name="outcome"),)

    kind: Mapped[str] = mapped_column(String(64), primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(Instant)
    outcome: Mapped[str] = mapped_column(String(8))
    took_ms: Mapped[int] = mapped_column(Integer)
    covered_until: Mapped[datetime | None] = mapped_column(Instant)


class SupportRequest(Model):
    """What a saver asks staff to look at, and what they answered. Personal data stands here, and can be erased.

    ``shown``: what the saver saw of what the request is about, as it was then. ``answer_by``: the saver's local day.
    ``told_at``: when the officer's letter left. ``appeal_of``: the request whose answer the saver is not content with.
    ``late_told_at``: when the saver was told that the day had passed without an answer.
    """

    __tablename__ = "support_requests"
    __table_args__ = (
        UniqueConstraint("reference", name="uq_support_requests_reference"),
        CheckConstraint(one_of("about_kind", ABOUT), name="about"),
        CheckConstraint(one_of("status", ("open", "answered")), name="status"),
        CheckConstraint(
            "(status = 'answered') = (answer IS NOT NULL) AND (answer IS NULL) = (answered_at IS NULL)",
            name="answered",
        ),
        Index("ix_support_requests_user_id", "user_id", text("created_at DESC"), text("id DESC")),
        UniqueConstraint("appeal_of", name="uq_support_requests_appeal_of"),
        Index("ix_support_requests_answered", "answered_at", postgresql_where=text("status = 'answered'")),
        Index(
            "ix_support_requests_disputes",
            text("answered_at DESC"),
            text("id DESC"),
            postgresql_where=text("status = 'answered' AND about_kind IS NOT NULL"),
        ),
        Index("ix_support_requests_open", "answer_by", "id", postgresql_where=text("status = 'open'")),
        Index(
            "ix_support_requests_about",
            "about_kind",
            "answer_by",
            "id",
            postgresql_where=text("status = 'open' AND about_kind IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    reference: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    subject: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    about_kind: Mapped[str | None] = mapped_column(String(16))
    about_id: Mapped[UUID | None]
    shown: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(String(8), server_default="open", default="open")
    created_at: Mapped[datetime] = mapped_column(Instant)
    answer_by: Mapped[date]
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    appeal_of: Mapped[UUID | None] = mapped_column(ForeignKey("support_requests.id", ondelete="CASCADE"))
    late_told_at: Mapped[datetime | None] = mapped_column(Instant)


class ProductClock(Model):
    """How far the product's clock is ahead of real time, in seconds. Zero in production; it only goes forward."""

    __tablename__ = "product_clock"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("offset_seconds >= 0", name="forward"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offset_seconds: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
