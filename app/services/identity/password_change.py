"""A new password: by the old one, or by a link in a letter. Either ends every sign-in and is told."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.errors import Invalid, TooMany
from app.sentences import Sentence
from app.services.identity import (
    account_letters,
    contacts,
    known_devices,
    passwords,
    proofs,
    revocations,
    sealing,
    two_factor,
)
from app.services.identity.email_check import link_invalid
from app.services.identity.noting import note
from app.services.notifications.notices import tell
from app.services.outbox.messages import enqueue
from app.transactions import fetch, queue


def wrong_password(field: str = "password") -> Invalid:
    """The refusal of a password that somebody who is signed in gave again."""
    return Invalid({field: [Sentence("This is not your password.")]})


def is_password_of(user_id: UUID, password: str) -> bool:
    """Whether the person, who is signed in, has this password."""
    rows = fetch("SELECT password_hash FROM users WHERE id = %s AND status = 'active'", (user_id,))
    return passwords.verify(rows[0][0] if rows else None, password)


def change(user_id: UUID, current: str, new: str, *, at: datetime) -> None:
    """Set the password of somebody who is signed in; every sign-in of theirs ends, this one too.

    Raises Invalid: a wrong ``current_password``, or ``weak_password`` for ``new_password``.
    """
    # The lock: of several changes at once one still knows the password.
    rows = fetch("SELECT password_hash FROM users WHERE id = %s AND status = 'active' FOR NO KEY UPDATE", (user_id,))
    if not passwords.verify(rows[0][0] if rows else None, current):
        raise wrong_password("current_password")
    _set(user_id, new, "new_password", action="password_changed", at=at)


def forget(email: str, *, own: bool = False) -> None:
    """Queue the search for whoever has this address. The same work whether or not anybody has.

    ``own``: a device asks that the account knows. What was typed waits encrypted: it may be somebody's address.
    """
    key = contacts.email_key(email)[:254]
    enqueue("identity.password_forgotten", {"sealed": sealing.seal(key), "own": own}, datetime.now(UTC))


def send_link(sealed: str, *, own: bool = False) -> bool:
    """Queue the letter to whoever has the address; whether anybody gets one. Suspended accounts get none.

    ``own``: see ``proofs.make``: strangers cannot use up the letters of the person's own devices.
    """
    now = datetime.now(UTC)
    rows = fetch(
        "SELECT id, email_key FROM users WHERE email_key = %s AND status = 'active' FOR NO KEY UPDATE",
        (sealing.unseal(sealed),),
    )
    if not rows:
        return False
    user_id, key = rows[0]
    try:
        _send_link(user_id, key, now=now, own=own)
    except TooMany:
        return False  # the letters before this one have not ended
    return True


def send_link_to(user_id: UUID) -> None:
    """Queue the letter to somebody who is signed in, and may have no password yet. Raises TooMany."""
    ((key,),) = fetch("SELECT email_key FROM users WHERE id = %s FOR NO KEY UPDATE", (user_id,))
    _send_link(user_id, key, now=datetime.now(UTC), own=True)


def has_one(user_id: UUID) -> bool:
    """Whether the person has a password at all: whoever signed up by a provider has none at first."""
    return bool(fetch("SELECT 1 FROM users WHERE id = %s AND password_hash IS NOT NULL", (user_id,)))


def reset(token: str, new: str, *, at: datetime) -> UUID:
    """Set the password by the link of a letter, which also proves the address; every sign-in ends. Whose it is.

    Raises Invalid: ``link_invalid``, or ``weak_password``, and then the link can be used again.
    """
    spent = proofs.spend("password", token, now=datetime.now(UTC))
    if spent is None:
        raise link_invalid()
    user_id, about = spent
    ((key, first_one, proven, known_by_number),) = fetch(
        "SELECT email_key, password_hash IS NULL, email_verified_at IS NOT NULL, phone_verified_at IS NOT NULL"
        " FROM users WHERE id = %s FOR NO KEY UPDATE",
        (user_id,),
    )
    if not proofs.sent_to("password", key, about):
        raise link_invalid()
    if not (first_one and proven):
        # Whoever had the password before, or named this address before it was proven, may have linked a provider. One
        # that has verified this address links itself again.
        queue("DELETE FROM external_identities WHERE user_id = %s", (user_id,))
    if not (proven or known_by_number):
        # Whoever switched it on has proven nothing, and would keep the owner of this address out for good.
        two_factor.drop(user_id, at=at)
    _set(user_id, new, "password", action="password_reset", at=at)
    queue("UPDATE users SET email_verified_at = coalesce(email_verified_at, %s) WHERE id = %s", (at, user_id))
    return user_id


def _send_link(user_id: UUID, key: str, *, now: datetime, own: bool) -> None:
    proof_id = proofs.make(user_id, proofs.PASSWORD, key, now=now, own=own)
    account_letters.send(user_id, "password_link", now=now, proof_id=proof_id, until=now + proofs.PASSWORD.life)


def _set(user_id: UUID, new: str, field: str, *, action: str, at: datetime) -> None:
    now = datetime.now(UTC)
    ((name, email, phone),) = fetch("SELECT name, email, phone FROM users WHERE id = %s FOR NO KEY UPDATE", (user_id,))
    passwords.check(new, personal=(name, email, email.partition("@")[0], phone or ""), field=field)
    queue("UPDATE users SET password_hash = %s WHERE id = %s", (passwords.hash_password(new), user_id))
    families = [
        family for (family,) in fetch(
            "SELECT id FROM refresh_families WHERE user_id = %s AND revoked_at IS NULL", (user_id,)
        )
    ]  # fmt: skip
    revocations.revoke(families, why="password", at=now)
    known_devices.forget(user_id)
    # Whoever was in the account may have seen its key, and would wait for its owner to confirm it.
    queue("DELETE FROM two_factor WHERE user_id = %s AND confirmed_at IS NULL", (user_id,))
    proofs.end(user_id, "password")
    note(user_id, action, sign_ins_ended=len(families))
    tell(user_id, "account_changed", {"what": action}, at=at)
