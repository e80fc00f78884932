"""Between the two steps of a sign-in: who has given the password waits in the browser's own session for some minutes.

The session is signed, so nobody can write such a wait into it; a new password or another account's end makes it void.
"""

from __future__ import annotations

import time
from uuid import UUID

from flask import session

from app.blueprints import device_tokens
from app.services.identity.entering import HalfWay

KEPT = "half_way"
SECONDS = 10 * 60


def keep(person: HalfWay, names: dict[str, str]) -> None:
    """Keep who waits, and the name that was typed: wrong codes count where wrong passwords do."""
    session[KEPT] = {"user": str(person.user_id), "stamp": person.stamp, "names": names, "since": int(time.time())}


def kept() -> tuple[HalfWay, dict[str, str]] | None:
    """Who waits in this browser, and by what name; None where nobody does, or for too long."""
    found = session.get(KEPT)
    if not isinstance(found, dict) or time.time() - found["since"] > SECONDS:
        return None
    return HalfWay(UUID(found["user"]), found["stamp"]), found["names"]


def is_known() -> bool:
    """Whether this browser is one that the account knows that waits in it."""
    waiting = kept()
    return waiting is not None and device_tokens.known_by(**waiting[1]) is not None
