"""Browser sessions live on from their last use. Times here are real time, as for every sign-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import current_app

from app.transactions import fetch, queue


def keep_open(family_id: UUID) -> None:
    """Let the browser session ``family_id`` end SESSION_DAYS from now. One that has ended stays ended."""
    now = datetime.now(UTC)
    queue(
        "UPDATE refresh_families SET last_used_at = %s, expires_at = %s"
        " WHERE id = %s AND kind = 'web' AND revoked_at IS NULL AND expires_at > %s",
        (now, now + timedelta(days=current_app.config["SESSION_DAYS"]), family_id, now),
    )


def owner_of(family_id: UUID) -> UUID | None:
    """Whose browser session ``family_id`` is or was; None where there is no such one."""
    rows = fetch("SELECT user_id FROM refresh_families WHERE id = %s AND kind = 'web'", (family_id,))
    return rows[0][0] if rows else None
