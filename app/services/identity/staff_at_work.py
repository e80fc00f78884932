"""Who of the staff is at work: what they decide is theirs to answer for, so it is looked up where they decide."""

from __future__ import annotations

from uuid import UUID

from app.errors import DomainError, Invalid
from app.models.identity import STAFF_ROLES
from app.transactions import fetch

LONGEST_REASON = 200


def role_of(by: UUID) -> str:
    """The role of an active member of staff. Raises DomainError ``not_staff``."""
    role = _role(by)
    if role is None:
        raise DomainError("not_staff", "This is for active members of staff.")
    return role


def is_at_work(who: UUID) -> bool:
    """Whether that is an active member of staff, still: what somebody once said counts no longer than that."""
    return _role(who) is not None


def _role(who: UUID) -> str | None:
    rows = fetch("SELECT role FROM users WHERE id = %s AND status = 'active'", (who,))
    return str(rows[0][0]) if rows and rows[0][0] in STAFF_ROLES else None


def given_reason(reason: str) -> str:
    """Why something is done, as it stands in the audit log from then on. Raises Invalid."""
    reason = " ".join(reason.split())
    if not 3 <= len(reason) <= LONGEST_REASON:
        raise Invalid({"reason": [f"Say why, in 3 to {LONGEST_REASON} characters, without names or numbers."]})
    return reason
