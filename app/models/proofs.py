"""How people prove who they are: links and codes sent to them, second factors, devices that are known.

No row here lets anybody in who reads it: what was sent is made of a row's id with a key of the installation, secrets
are encrypted, codes and device tokens are kept as keyed digests. Times are real time.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import Model
from app.models.identity import Instant, one_of

PURPOSES = ("email", "phone", "password")
LETTER_KINDS = ("email_check", "email_left", "password_link", "phone_code", "suspended", "restored")


class Proof(Model):
    """A link or code that was sent once, to be used once. ``about``: digest of the address or number it was sent to.

    ``own``: asked for by the person, or from a device that the account knows.
    """

    __tablename__ = "proofs"
    __table_args__ = (
        CheckConstraint(one_of("purpose", PURPOSES), name="purpose"),
        Index("ix_proofs_user_id", "user_id", "purpose", "created_at"),
        Index("ix_proofs_about", "about", "created_at"),
        Index("ix_proofs_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    purpose: Mapped[str] = mapped_column(String(16))
    about: Mapped[bytes] = mapped_column(LargeBinary)
    own: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    tries: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    spent_at: Mapped[datetime | None] = mapped_column(Instant)


class AccountLetter(Model):
    """A letter or SMS about the account itself, which stands in no inbox. ``address``: encrypted, where it goes if not
    to the person's present one; gone once it was sent.
    """

    __tablename__ = "account_letters"
    __table_args__ = (
        CheckConstraint(one_of("kind", LETTER_KINDS), name="kind"),
        CheckConstraint(one_of("channel", ("email", "sms")), name="channel"),
        CheckConstraint(one_of("status", ("waiting", "sent", "expired", "dead")), name="status"),
        Index("ix_account_letters_due_at", "channel", "due_at", postgresql_where=text("status = 'waiting'")),
        Index("ix_account_letters_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(8))
    proof_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(8), server_default="waiting", default="waiting")
    due_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    last_error: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)


class TwoFactor(Model):
    """The secret of a person's authenticator app, encrypted. ``last_step``: the newest step whose code was taken."""

    __tablename__ = "two_factor"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)


class RecoveryCode(Model):
    """One code for the day the phone is gone, as a keyed digest."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class KnownDevice(Model):
    """A browser or app from which this person has signed in: the digest of a random token that it keeps."""

    __tablename__ = "known_devices"
    __table_args__ = (
        Index("ix_known_devices_user_id", "user_id", "last_used_at"),
        Index("ix_known_devices_last_used_at", "last_used_at"),
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime] = mapped_column(Instant)


class ExternalIdentity(Model):
    """An account at a provider that opens this one. ``email``: what the provider called it when it was last used."""

    __tablename__ = "external_identities"
    __table_args__ = (
        UniqueConstraint("issuer", "subject", name="uq_external_identities_subject"),
        Index("ix_external_identities_user_id", "user_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(254))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_used_at: Mapped[datetime] = mapped_column(Instant)
