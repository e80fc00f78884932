"""Entries of the audit log about somebody's own account."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.services.audit import log as audit
from app.transactions import fetch


def note(user_id: UUID, action: str, **details: int | str) -> None:
    """What the person did to the account, in the transaction that does it; ``details``: ids and counts only."""
    ((role,),) = fetch("SELECT role FROM users WHERE id = %s", (user_id,))
    audit.record(
        action, subject_type="user", subject_id=user_id, at=datetime.now(UTC), actor_id=user_id, actor=role,
        details=details,
    )  # fmt: skip
