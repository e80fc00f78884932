"""Devices from which a person has signed in: a long random token that the device keeps, and a digest of it here.

It opens nothing. It tells the person's own browser or app from a stranger's where sign-ins are slowed (slowing.py).
Several people may share a device. The token is another one after each sign-in, so that one that somebody has planted
in a browser is not known by the person who then signs in there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from uuid import UUID

from app.services.identity import contacts, keyed
from app.transactions import fetch, queue

LIFE = timedelta(days=400)
MOST = 20  # for one account; the one not used for longest makes room
LONGEST_TOKEN = 64


def digest(token: str) -> bytes:
    """What is kept of a device's token."""
    return keyed.digest("device", token)


def of(token: str | None, *, email: str | None = None, phone: str | None = None) -> bytes | None:
    """The digest of ``token`` where the account so named knows the device, else None."""
    if not token or len(token) > LONGEST_TOKEN or not (email or phone):
        return None
    held = digest(token)
    number = None
    if not email:
        try:
            number = contacts.phone(phone or "")
        except ValueError:
            return None
    found = fetch(
        "SELECT 1 FROM known_devices k JOIN users u ON u.id = k.user_id"
        " WHERE k.digest = %s AND k.last_used_at > %s AND (u.email_key = %s OR u.phone = %s)",
        (held, datetime.now(UTC) - LIFE, contacts.email_key(email) if email else None, number),
    )
    return held if found else None


def knows(user_id: UUID, token: str | None) -> bool | None:
    """Whether the person's account knows the device with ``token``; None where it knows no device at all."""
    held = digest(token) if token and len(token) <= LONGEST_TOKEN else b""
    rows = fetch(
        "SELECT digest = %s FROM known_devices WHERE user_id = %s AND last_used_at > %s",
        (held, user_id, datetime.now(UTC) - LIFE),
    )
    return any(own for (own,) in rows) if rows else None


def remember(user_id: UUID, token: str | None) -> str:
    """Queue that this device is known to the person; the token that it shall keep from now on.

    ``token``: the one it came with. Whoever else it was known to knows the new one too.
    """
    now, fresh = datetime.now(UTC), token_urlsafe(32)
    if token and len(token) <= LONGEST_TOKEN:
        queue(
            "INSERT INTO known_devices (digest, user_id, created_at, last_used_at)"
            " SELECT %s, user_id, created_at, last_used_at FROM known_devices WHERE digest = %s AND user_id <> %s",
            (digest(fresh), digest(token), user_id),
        )
        queue("DELETE FROM known_devices WHERE digest = %s", (digest(token),))
    queue(
        "INSERT INTO known_devices (digest, user_id, created_at, last_used_at) VALUES (%s, %s, %s, %s)",
        (digest(fresh), user_id, now, now),
    )
    queue(
        "DELETE FROM known_devices WHERE user_id = %(user)s AND digest IN (SELECT digest FROM known_devices"
        " WHERE user_id = %(user)s ORDER BY last_used_at DESC, digest OFFSET %(most)s)",
        {"user": user_id, "most": MOST},
    )
    return fresh


def forget(user_id: UUID) -> None:
    """Queue that no device is known to the person any more."""
    queue("DELETE FROM known_devices WHERE user_id = %s", (user_id,))
