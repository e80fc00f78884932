"""Ended sign-ins, cached: a refused refresh token then costs no query and no lock. PostgreSQL (``revoked_at``) decides.

Access tokens do not ask the cache: their role is read from the database anyway, and the same row says whether the
sign-in still stands.
"""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from flask import current_app

from app.extensions import cache
from app.services.notifications import devices
from app.transactions import after_commit, queue


def _key(family_id: UUID) -> str:
    return f"revoked:{family_id}"


def known(family_id: UUID) -> bool:
    """Whether the cache knows that this sign-in has ended. False says nothing."""
    return cache.get(_key(family_id)) is not None


def revoke(family_ids: list[UUID], *, why: str, at: datetime) -> None:
    """End these sign-ins: refresh and access tokens, or the browser session, and push to their devices.

    Those ended before stay as they were.
    """
    if not family_ids:
        return
    queue(
        "UPDATE refresh_families SET revoked_at = %s, revoked_for = %s"
        " WHERE id = ANY(%s::uuid[]) AND revoked_at IS NULL",
        (at, why, [str(family_id) for family_id in family_ids]),
    )
    devices.forget(family_ids)
    text = json.dumps({"revoked_at": at.isoformat(), "why": why})
    seconds = current_app.config["ACCESS_TOKEN_MINUTES"] * 60 + 60

    def remember() -> None:
        for family_id in family_ids:
            cache.set(_key(family_id), text, seconds)

    after_commit(remember)
