"""People and their sign-ins."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuids
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.errors import DomainError
from app.extensions import Model
from app.transactions import on_violation

Instant = TIMESTAMP(timezone=True)
ROLES = ("saver", "support", "admin")
STAFF_ROLES = frozenset({"support", "admin"})
KYC_STATES = ("none", "pending", "verified", "rejected", "resubmit")
CONSENT_PURPOSES = ("terms", "privacy", "marketing", "training")
CONSENT_WAYS = ("signup", "asked", "profile", "api")
RELATIONS = (
    "spouse", "mother", "father", "daughter", "son", "sister", "brother", "grandparent", "grandchild", "other",
)  # fmt: skip


def one_of(column: str, words: tuple[str, ...]) -> str:
    """The text of a CHECK that holds ``column`` to ``words``: such text migrates both ways, an enum does not."""
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


class User(Model):
    """A saver or a member of staff. ``email_key`` is the address folded so that two spellings of it are one."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("email_key", name="uq_users_email_key"),
        UniqueConstraint("phone", name="uq_users_phone"),
        CheckConstraint(one_of("role", ROLES), name="role"),
        CheckConstraint(one_of("status", ("active", "suspended", "erased")), name="status"),
        CheckConstraint(one_of("kyc_status", KYC_STATES), name="kyc_status"),
        Index("ix_users_time_zone_next", "id", postgresql_where=text("time_zone_next IS NOT NULL")),
        CheckConstraint("(time_zone_next IS NULL) = (time_zone_from IS NULL)", name="time_zone_change"),
        # Whom the boards may show, for going through all of them.
        Index(
            "ix_users_boards",
            "id",
            postgresql_where=text("leaderboard_opt_in AND display_name IS NOT NULL AND status = 'active'"),
        ),
        Index("ix_users_time_zone", "time_zone", "id"),
        Index("ix_users_train_on_history", "id", postgresql_where=text("train_on_history")),
        # The console's list: everybody by the day they came, the few who are something else than most, and whose
        # address, number or name begins so.
        Index("ix_users_created_at", "created_at", "id", postgresql_include=["status", "role", "kyc_status"]),
        Index("ix_users_status", "status", "created_at", "id", postgresql_where=text("status <> 'active'")),
        Index("ix_users_role", "role", "created_at", "id", postgresql_where=text("role <> 'saver'")),
        Index("ix_users_kyc_status", "kyc_status", "created_at", "id", postgresql_where=text("kyc_status <> 'none'")),
        Index("ix_users_email_prefix", "email_key", postgresql_ops={"email_key": "text_pattern_ops"}),
        Index("ix_users_phone_prefix", "phone", postgresql_ops={"phone": "text_pattern_ops"}),
        Index("ix_users_name_prefix", text("lower(name)"), "id", postgresql_ops={"lower(name)": "text_pattern_ops"}),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(16))
    password_hash: Mapped[str | None] = mapped_column(Text, deferred=True, deferred_group="secret")
    role: Mapped[str] = mapped_column(String(16), server_default="saver", default="saver")
    status: Mapped[str] = mapped_column(String(16), server_default="active", default="active")
    kyc_status: Mapped[str] = mapped_column(String(16), server_default="none", default="none")
    kyc_file: Mapped[str | None] = mapped_column(String(200))
    email_verified_at: Mapped[datetime | None] = mapped_column(Instant)
    phone_verified_at: Mapped[datetime | None] = mapped_column(Instant)
    time_zone: Mapped[str] = mapped_column(String(64))
    time_zone_next: Mapped[str | None] = mapped_column(String(64))
    time_zone_from: Mapped[datetime | None] = mapped_column(Instant)
    language: Mapped[str] = mapped_column(String(8), server_default="en", default="en")
    display_name: Mapped[str | None] = mapped_column(String(40))
    leaderboard_opt_in: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    notification_preferences: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"), default=dict)
    # Local times between which nothing but the inbox is filled; equal ones are no quiet at all.
    quiet_from: Mapped[time] = mapped_column(Time, server_default="22:00", default=time(22))
    quiet_until: Mapped[time] = mapped_column(Time, server_default="07:00", default=time(7))
    # Since when a second factor is asked for at sign-in; its secret stands in a table of its own (proofs.py).
    two_factor_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    # What stands of the consents: the versions agreed to, and whether models may learn from this history.
    terms_version: Mapped[str | None] = mapped_column(String(16))
    privacy_version: Mapped[str | None] = mapped_column(String(16))
    train_on_history: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    @property
    def quiet_hours(self) -> dict[str, time]:
        """Both times."""
        return {"quiet_from": self.quiet_from, "quiet_until": self.quiet_until}


class PastTimeZone(Model):
    """The zone of a saver as its columns stood until an instant at which they were changed."""

    __tablename__ = "past_time_zones"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    until: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    time_zone_next: Mapped[str | None] = mapped_column(String(64))
    time_zone_from: Mapped[datetime | None] = mapped_column(Instant)


class Consent(Model):
    """One yes or no of a person, kept as it was said: to which version, when, and how. Never changed.

    The newest of a purpose counts. ``how``: at sign-up, on the page that asks about a new version, in the profile, or
    by a call of the app.
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint(one_of("purpose", CONSENT_PURPOSES), name="purpose"),
        CheckConstraint(one_of("how", CONSENT_WAYS), name="how"),
        Index("ix_consents_user_id", "user_id", "purpose", text("at DESC"), text("id DESC")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(16))
    version: Mapped[str] = mapped_column(String(16))
    given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)
    how: Mapped[str] = mapped_column(String(16))


class Nominee(Model):
    """Whom a saver names to receive the savings after them: one person, for all of it."""

    __tablename__ = "nominees"
    __table_args__ = (CheckConstraint(one_of("relation", RELATIONS), name="relation"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    relation: Mapped[str] = mapped_column(String(16))
    born_on: Mapped[date] = mapped_column(Date)
    guardian: Mapped[str | None] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(16))
    email: Mapped[str | None] = mapped_column(String(254))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class RefreshFamily(Model):
    """One sign-in on one device: a chain of rotating refresh tokens, or a browser session.

    Access tokens and session cookies carry its id; revoking the row ends all of them. ``current_jti`` names the one
    refresh token that is good; ``previous_jti`` its immediate predecessor, which answers the same successor for a few
    seconds. Times are real time, not the product's clock.
    """

    __tablename__ = "refresh_families"
    __table_args__ = (
        CheckConstraint(one_of("kind", ("api", "web")), name="kind"),
        Index("ix_refresh_families_user_id", "user_id"),
        Index("ix_refresh_families_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuids.uuid7)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    current_jti: Mapped[UUID | None]
    current_issued_at: Mapped[int | None] = mapped_column(BigInteger)
    previous_jti: Mapped[UUID | None]
    rotated_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_for: Mapped[str | None] = mapped_column(String(32))
    device: Mapped[str | None] = mapped_column(String(200))
    # When the person last showed again who they are within this sign-in; where never, ``created_at`` counts.
    authenticated_at: Mapped[datetime | None] = mapped_column(Instant)


on_violation(
    "uq_users_email_key",
    lambda: DomainError(
        "email_taken",
        "An account with this e-mail address exists already. Sign in, or use another address.",
        {"email": ["An account with this e-mail address exists already."]},
    ),
)
on_violation(
    "uq_users_phone",
    lambda: DomainError(
        "phone_taken",
        "An account with this phone number exists already. Sign in, or use another number.",
        {"phone": ["An account with this phone number exists already."]},
    ),
)
