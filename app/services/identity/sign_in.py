"""Signing in and out, and the rotation of refresh tokens. Times here are real time, as token life is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import uuid_utils.compat as uuids
from flask import current_app

from app.errors import DomainError
from app.services.identity import contacts, passwords, revocations
from app.transactions import fetch, queue

GRACE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A device that has just signed in or rotated; the edge makes tokens or a cookie of it.

    ``jti`` and ``issued_at`` (whole seconds since 1970) make the refresh token the same each time it is written.
    """

    family_id: UUID
    user_id: UUID
    jti: UUID
    issued_at: int


def invalid_credentials() -> DomainError:
    """One answer for every sign-in that fails."""
    return DomainError("invalid_credentials", "The address or number and the password do not belong together.")


def authenticate(*, email: str | None = None, phone: str | None = None, password: str) -> UUID:
    """The id of the active person whose password this is. Raises DomainError ``invalid_credentials``.

    Takes as long whether or not the person exists. A hash made with weaker parameters is made anew.
    """
    if email is not None:
        rows = fetch("SELECT id, password_hash, status FROM users WHERE email_key = %s", (contacts.email_key(email),))
    else:
        try:
            number = contacts.phone(phone or "")
        except ValueError:
            number = ""
        rows = fetch("SELECT id, password_hash, status FROM users WHERE phone = %s", (number,))
    user_id: UUID
    user_id, hash_, status = rows[0] if rows else (UUID(int=0), None, None)
    if not passwords.verify(hash_, password) or status != "active" or hash_ is None:
        raise invalid_credentials()
    # Whoever signs in again and again would else be under way while the password changes, and be in afterwards. From
    # here on a change waits for this sign-in, and ends it.
    if not fetch("SELECT 1 FROM users WHERE id = %s AND password_hash = %s FOR SHARE", (user_id, hash_)):
        raise invalid_credentials()
    if passwords.outdated(hash_):
        queue("UPDATE users SET password_hash = %s WHERE id = %s", (passwords.hash_password(password), user_id))
    return user_id


def open_family(user_id: UUID, *, kind: str, device: str | None) -> SignIn:
    """Begin a sign-in on one device. ``kind`` is ``api`` or ``web``; ``device`` is the user agent, cut to 200."""
    now = datetime.now(UTC)
    sign_in = SignIn(uuids.uuid7(), user_id, uuid4(), int(now.timestamp()))
    queue(
        "INSERT INTO refresh_families (id, user_id, kind, created_at, last_used_at, expires_at, current_jti,"
        " current_issued_at, device) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            sign_in.family_id,
            user_id,
            kind,
            now,
            now,
            now + _life(kind),
            sign_in.jti,
            sign_in.issued_at,
            (device or "").replace("\0", "")[:200] or None,
        ),
    )
    return sign_in


def rotate(family_id: UUID, user_id: UUID, jti: UUID) -> SignIn | None:
    """Spend the refresh token ``jti``. The successor; None where a spent token came back and the family was ended.

    The immediate predecessor answers the same successor for ten seconds (a phone that lost the answer). Raises
    DomainError ``token_revoked`` for a sign-in that has ended.
    """
    now = datetime.now(UTC)
    rows = fetch(
        "SELECT f.current_jti, f.current_issued_at, f.previous_jti, f.rotated_at FROM refresh_families f"
        " JOIN users u ON u.id = f.user_id"
        " WHERE f.id = %s AND f.user_id = %s AND f.kind = 'api' AND f.revoked_at IS NULL AND f.expires_at > %s"
        " AND u.status = 'active' FOR NO KEY UPDATE OF f",
        (family_id, user_id, now),
    )
    if not rows:
        raise DomainError("token_revoked", "This sign-in has ended; sign in again.")
    current, issued_at, previous, rotated_at = rows[0]
    if jti == previous and now - rotated_at <= GRACE:
        return SignIn(family_id, user_id, current, issued_at)
    if jti != current:
        revocations.revoke([family_id], why="reuse", at=now)
        return None
    successor = SignIn(family_id, user_id, uuid4(), int(now.timestamp()))
    queue(
        "UPDATE refresh_families SET current_jti = %s, current_issued_at = %s, previous_jti = %s, rotated_at = %s,"
        " last_used_at = %s, expires_at = %s WHERE id = %s",
        (successor.jti, successor.issued_at, current, now, now, now + _life("api"), family_id),
    )
    return successor


def refresh_proof(family_id: UUID) -> None:
    """Note that the person has just shown again who they are within this sign-in."""
    queue("UPDATE refresh_families SET authenticated_at = %s WHERE id = %s", (datetime.now(UTC), family_id))


def sign_out(family_ids: list[UUID]) -> None:
    """End these sign-ins at the person's own wish."""
    revocations.revoke(family_ids, why="sign_out", at=datetime.now(UTC))


def _life(kind: str) -> timedelta:
    return timedelta(days=current_app.config["REFRESH_TOKEN_DAYS" if kind == "api" else "SESSION_DAYS"])
