"""Guessing made slow, without ever locking an account.

Tries that fail count for the account as it was named, from all devices that it does not know; and for the account and
the network that they come from. After some the next waits, twice as long each time. A device from which the person has
signed in before has a count of its own, so that nothing strangers do keeps the person out. A wait is an answer (429
with Retry-After), and no worker sleeps.

A name that nobody has is slowed alike: nothing here asks the database.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from flask import current_app

from app.errors import DomainError, TooMany
from app.integrations.attempts import Limit, admit, take_back
from app.observability.requests import network_of
from app.services.identity import contacts, keyed

WINDOW = 15 * 60
#: Refusals that say that somebody guessed.
GUESSES = frozenset({"invalid_credentials", "otp_invalid", "code_invalid", "validation_error", "link_invalid"})


def account_of(*, email: str | None = None, phone: str | None = None) -> str:
    """The account as it was named, for counting: nothing that leads back to the name."""
    if email is not None:
        name = contacts.email_key(email)
    else:
        try:
            name = contacts.phone(phone or "")
        except ValueError:
            name = (phone or "").strip()
    return keyed.digest("account-named", name).hex()[:32]


def at_sign_in(account: str, address: str | None, *, device: bytes | None) -> list[Limit]:
    """What a sign-in counts under. ``device``: digest of a device that the account knows; None for a stranger."""
    if device is not None:
        return [Limit(f"device:{device.hex()[:32]}:{account}", 10, 60)]
    network = keyed.digest("network", network_of(address or "") or "nowhere").hex()[:16]
    return [
        Limit(f"pair:{account}:{network}", 4, 120),
        Limit(f"account:{account}", 10, 60),
        Limit(f"network:{network}", 300, 20),
    ]


def at_a_question(family_id: UUID, what: str) -> list[Limit]:
    """What a password or code counts under that somebody who is signed in gives again: this sign-in alone."""
    return [Limit(f"{what}:{family_id.hex}", 5, 120)]


@dataclass(slots=True)
class Guess:
    """A try under way. ``half_way``: it was right so far, which forgives nothing yet that was wrong before."""

    half_way: bool = False


@contextmanager
def guessing(limits: Sequence[Limit]) -> Iterator[Guess]:
    """Around a try: one that succeeds counts for nothing, one that is refused counts. Raises TooMany before it."""
    guess = Guess()
    if not current_app.config["RATELIMIT_ENABLED"]:
        yield guess
        return
    wait = admit(limits, window=WINDOW)
    if wait > 0:
        raise TooMany(math.ceil(wait))
    try:
        yield guess
    except DomainError as refusal:
        if refusal.code not in GUESSES:
            take_back(limits)
        raise
    except BaseException:
        take_back(limits)
        raise
    if guess.half_way:
        take_back(limits)
    else:
        # What this network or device did wrong before is forgiven; the account's count and the network's go on.
        take_back(limits[1:], forget=limits[:1])
