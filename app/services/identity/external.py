"""Getting in by an account at a provider (OpenID Connect): whose it is, links made and taken away, new accounts.

A known account at the provider (issuer and subject) signs in whoever it is linked to. Another is linked where the
provider has verified the very address that the saver has proven here; nothing weaker links by itself. Staff link
nothing but by hand, and a second factor is asked for here whatever the provider asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat as uuids
from flask import current_app

from app.errors import DomainError, NotFound, Unavailable
from app.integrations.openid import Begun, Identity, Providers, Untrusted
from app.integrations.outgoing import Away
from app.models.identity import STAFF_ROLES
from app.sentences import Sentence
from app.services.identity import contacts, entering, signup, two_factor
from app.services.identity.noting import note
from app.services.notifications.notices import tell
from app.transactions import fetch, queue

__all__ = ["Begun", "Identity", "Link", "Nobody", "begin", "finish", "links", "offered", "sign_in", "sign_up", "unlink"]

RETRY_AFTER = 15
MOST_LINKS = 10


@dataclass(frozen=True, slots=True)
class Link:
    """One account at a provider that opens this one. ``provider``: its name where it is configured, and its label."""

    id: UUID
    provider: str | None
    label: str
    email: str | None
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class Nobody:
    """No account is linked, and none has the address: there can be a new one."""


def providers() -> Providers:
    """Those that this installation is set up with."""
    found: Providers = current_app.extensions["openid"]
    return found


def offered() -> dict[str, str]:
    """Name and label of each provider."""
    return dict(providers().labels)


def refused() -> DomainError:
    """One answer for everything that a provider's answer does not prove, and for accounts that are kept out."""
    return DomainError(
        "external_refused", Sentence("That did not work, and nothing was changed. Begin again, or sign in another way.")
    )


def begin(name: str, redirect_uri: str, *, anew: bool = False) -> Begun:
    """Begin at the provider ``name``; outside of any transaction, for it asks the provider.

    ``anew``: the person shall show there who they are, also where they are signed in there.

    Raises NotFound, Unavailable, DomainError ``external_refused``.
    """
    _must_be_offered(name)
    try:
        return providers().begin(name, redirect_uri, anew=anew)
    except Away as away:
        raise _away() from away
    except Untrusted as untrusted:
        raise refused() from untrusted


def finish(name: str, begun: Begun, code: str, redirect_uri: str) -> Identity:
    """Whom the provider vouches for. Raises as ``begin`` does."""
    _must_be_offered(name)
    try:
        return providers().finish(name, begun, code, redirect_uri)
    except Away as away:
        raise _away() from away
    except Untrusted as untrusted:
        raise refused() from untrusted


def sign_in(identity: Identity, *, at: datetime) -> UUID | entering.HalfWay | Nobody:
    """Whose account this opens; that a code is asked for first; or that there is no account yet.

    An account that is found by its address is linked at once, and its owner told; where a code is asked for, by
    ``linked`` after it. Raises DomainError: ``external_refused``, ``external_email_unproven`` (the provider has not
    verified an address), ``account_unproven`` (an account has the address, and nobody has proven it here),
    ``external_by_hand`` (staff).
    """
    rows = fetch(
        # The locks: a new password by letter, which takes links away, waits or has taken this one already.
        "SELECT u.id, u.role, u.status FROM users u JOIN external_identities e ON e.user_id = u.id"
        " WHERE e.issuer = %s AND e.subject = %s FOR NO KEY UPDATE OF u, e",
        (identity.issuer, identity.subject),
    )
    known = bool(rows)
    if not known:
        if identity.email is None:
            raise DomainError("external_email_unproven", Sentence("No address was confirmed there."))
        rows = fetch(
            "SELECT id, role, status, email_verified_at IS NOT NULL FROM users WHERE email_key = %s FOR NO KEY UPDATE",
            (contacts.email_key(identity.email),),
        )
        if not rows:
            return Nobody()
    user_id, role, status, *proven = rows[0]
    if status != "active":
        raise refused()
    if not known and role in STAFF_ROLES:
        raise by_hand()
    if proven == [False]:
        raise DomainError("account_unproven", Sentence("Nobody has confirmed the address of this account yet."))
    if two_factor.is_on(user_id):
        return entering.half_way(user_id)
    if role in STAFF_ROLES:
        raise by_hand()
    linked(user_id, identity, at=at)
    return user_id


def by_hand() -> DomainError:
    """What staff are told who come by a provider that they have not linked, or without a second factor."""
    return DomainError("external_by_hand", Sentence("Staff sign in with their password and a code first."))


def linked(user_id: UUID, identity: Identity, *, at: datetime) -> None:
    """Have the account be opened by ``identity`` from now on, and tell its owner where it was not so before.

    Raises DomainError ``external_taken`` where it opens another account, ``external_limit``.
    """
    fetch("SELECT 1 FROM users WHERE id = %s FOR NO KEY UPDATE", (user_id,))
    now = datetime.now(UTC)
    email = (identity.email or "")[:254] or None
    made = fetch(
        "INSERT INTO external_identities (id, user_id, issuer, subject, email, created_at, last_used_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (issuer, subject) DO UPDATE"
        " SET last_used_at = EXCLUDED.last_used_at, email = EXCLUDED.email"
        " WHERE external_identities.user_id = EXCLUDED.user_id RETURNING created_at = last_used_at",
        (uuids.uuid7(), user_id, identity.issuer, identity.subject, email, now, now),
    )
    if not made:
        raise DomainError("external_taken", Sentence("That account opens another saver's account already."))
    if made[0][0]:
        ((count,),) = fetch("SELECT count(*) FROM external_identities WHERE user_id = %s", (user_id,))
        if count > MOST_LINKS:
            raise DomainError("external_limit", Sentence("Ten are linked already. Take one away first."))
        label = providers().label_of(identity.issuer)
        note(user_id, "external_linked", provider=label)
        tell(user_id, "account_changed", {"what": "external_linked", "provider": label}, at=at)


def sign_up(identity: Identity, *, name: str, phone: str | None, language: str, at: datetime) -> UUID:
    """A new account that ``identity`` opens, without a password; its address is the one that the provider verified.

    Raises as ``signup.sign_up`` does, DomainError ``external_taken``.
    """
    assert identity.email is not None  # nobody is offered it without
    user = signup.sign_up(
        name=name, email=identity.email, phone=phone, password=None, email_verified=True, language=language, at=at
    )
    linked(user.id, identity, at=at)
    return user.id


def links(user_id: UUID) -> list[Link]:
    """What opens the person's account, oldest first."""
    rows = fetch(
        "SELECT id, issuer, email, created_at, last_used_at FROM external_identities WHERE user_id = %s ORDER BY id",
        (user_id,),
    )
    known = providers()
    return [Link(id_, known.name_of(issuer), known.label_of(issuer), *rest) for id_, issuer, *rest in rows]


def unlink(user_id: UUID, link_id: UUID, *, at: datetime) -> None:
    """Take one away. Raises NotFound; DomainError ``last_way_in`` where nothing else opens the account."""
    ((has_password,),) = fetch(
        "SELECT password_hash IS NOT NULL FROM users WHERE id = %s FOR NO KEY UPDATE", (user_id,)
    )
    held = {one.id: one for one in links(user_id)}
    if link_id not in held:
        raise NotFound
    if not has_password and not any(one.provider for one in held.values() if one.id != link_id):
        raise DomainError("last_way_in", Sentence("This is your only way in. Choose a password first."))
    queue("DELETE FROM external_identities WHERE id = %s", (link_id,))
    label = held[link_id].label
    note(user_id, "external_unlinked", provider=label)
    tell(user_id, "account_changed", {"what": "external_unlinked", "provider": label}, at=at)


def _must_be_offered(name: str) -> None:
    if name not in providers().labels:
        raise NotFound


def _away() -> Unavailable:
    return Unavailable(Sentence("It does not answer just now."), code="provider_away", retry_after=RETRY_AFTER)
