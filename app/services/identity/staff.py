"""Staff accounts: made and changed on the command line only."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.errors import DomainError, NotFound
from app.extensions import db
from app.models.identity import STAFF_ROLES, RefreshFamily, User
from app.services.audit import log as audit
from app.services.identity import account_letters, contacts, revocations
from app.services.identity.signup import sign_up
from app.services.outbox.messages import enqueue


def add(*, name: str, email: str, password: str, role: str, at: datetime) -> User:
    """A new member of staff, flushed and in the audit log. Raises as ``sign_up`` does, ValueError for a role."""
    if role not in STAFF_ROLES:
        raise ValueError(f"{role} is not a role of staff")
    user = sign_up(name=name, email=email, phone=None, password=password, role=role, at=at)
    user.email_verified_at = at
    audit.record(
        "staff_added", subject_type="user", subject_id=user.id, at=at, actor="operator", details={"role": role}
    )
    return user


def set_role(email: str, role: str, *, at: datetime) -> User:
    """Give an account another role (``saver`` takes staff rights away); it counts from the next call on.

    Raises NotFound, ValueError for an unknown role.
    """
    if role not in STAFF_ROLES | {"saver"}:
        raise ValueError(f"{role} is not a role")
    user = by_email(email)
    before, user.role = user.role, role
    audit.record(
        "role_changed", subject_type="user", subject_id=user.id, at=at, actor="operator",
        details={"from": before, "to": role},
    )  # fmt: skip
    return user


def suspend(email: str, *, at: datetime) -> User:
    """Keep an account out: every sign-in of it ends. Raises NotFound."""
    user = by_email(email)
    user.status = "suspended"
    families: list[UUID] = list(
        db.session.execute(db.select(RefreshFamily.id).where(RefreshFamily.user_id == user.id)).scalars()
    )
    revocations.revoke(families, why="suspended", at=datetime.now(UTC))
    account_letters.send(user.id, "suspended", now=datetime.now(UTC), address=user.email)
    enqueue("gamification.standing_changed", {"user_id": str(user.id)}, at)
    audit.record("suspended", subject_type="user", subject_id=user.id, at=at, actor="operator")
    return user


def restore(email: str, *, at: datetime) -> User:
    """Let a suspended account in again. Raises NotFound, DomainError ``not_suspended``."""
    user = by_email(email)
    if user.status != "suspended":
        raise DomainError("not_suspended", "This account is not suspended.")
    user.status = "active"
    account_letters.send(user.id, "restored", now=datetime.now(UTC))
    enqueue("gamification.standing_changed", {"user_id": str(user.id)}, at)
    audit.record("restored", subject_type="user", subject_id=user.id, at=at, actor="operator")
    return user


def by_email(email: str) -> User:
    """The account with this address. Raises NotFound."""
    user: User | None = db.session.execute(
        db.select(User).where(User.email_key == contacts.email_key(email))
    ).scalar_one_or_none()
    if user is None:
        raise NotFound(f"There is no account with the address {email}.")
    return user


def member(email: str) -> User:
    """The active member of staff with this address. Raises NotFound, DomainError ``not_staff``."""
    user = by_email(email)
    if user.role not in STAFF_ROLES or user.status != "active":
        raise DomainError("not_staff", f"{email} is not an active member of staff.")
    return user
