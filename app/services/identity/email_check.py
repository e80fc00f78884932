"""Whether an address reaches the person who named it: a link in a letter, used once."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.errors import DomainError, Invalid, NotFound
from app.sentences import Sentence
from app.services.identity import account_letters, proofs
from app.services.identity.noting import note
from app.transactions import fetch, queue


def link_invalid() -> Invalid:
    """One answer for every link that is forged, spent, ended, or about an address that was left."""
    return Invalid(
        {"token": [Sentence("This link has ended or was used before. Ask for a new one.")]}, code="link_invalid"
    )


def send_link(user_id: UUID) -> None:
    """Queue a letter with a link to the person's address.

    Raises DomainError ``already_verified``, TooMany, NotFound.
    """
    now = datetime.now(UTC)
    rows = fetch(
        "SELECT email_key, email_verified_at FROM users WHERE id = %s AND status = 'active' FOR NO KEY UPDATE",
        (user_id,),
    )
    if not rows:
        raise NotFound
    key, verified_at = rows[0]
    if verified_at is not None:
        raise DomainError("already_verified", Sentence("This is proven already; there is nothing more to do."))
    proof_id = proofs.make(user_id, proofs.EMAIL, key, now=now)
    account_letters.send(user_id, "email_check", now=now, proof_id=proof_id, until=now + proofs.EMAIL.life)


def verify(token: str, *, at: datetime) -> UUID:
    """Take the link of a letter: the address it was sent to is proven. Whose it is. Raises Invalid ``link_invalid``."""
    now = datetime.now(UTC)
    spent = proofs.spend("email", token, now=now)
    if spent is None:
        raise link_invalid()
    user_id, about = spent
    ((key,),) = fetch("SELECT email_key FROM users WHERE id = %s FOR NO KEY UPDATE", (user_id,))
    if not proofs.sent_to("email", key, about):
        raise link_invalid()
    queue("UPDATE users SET email_verified_at = coalesce(email_verified_at, %s) WHERE id = %s", (at, user_id))
    note(user_id, "email_verified")
    return user_id
