"""What this browser keeps of a sign-in at a provider: how it began, and whom the provider vouched for.

Both stand in the signed session for some minutes, for one purpose, and are gone with the next sign-in.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Literal
from uuid import UUID

from flask import session

from app.services.identity import keyed
from app.services.identity.external import Begun, Identity

UNDER_WAY, VOUCHED = "provider_begun", "provider_vouched"
SECONDS = 10 * 60
#: To sign in; to link it to the account that is signed in; to show once more who one is.
Why = Literal["sign_in", "link", "again"]
#: A new account; once the code is right; once the person has said yes.
For = Literal["sign_up", "code", "link"]


@dataclass(frozen=True, slots=True)
class Going:
    """A sign-in under way. ``user_id``: who was signed in when it began."""

    begun: Begun
    why: Why
    user_id: UUID | None
    back: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Whom a provider vouched for. ``label``: what that provider is called."""

    identity: Identity
    label: str


def set_out(name: str, going: Going) -> None:
    """Keep how it began; the one before it is forgotten."""
    user = str(going.user_id) if going.user_id else None
    # The address is long, and of no use any more.
    begun = asdict(going.begun) | {"url": ""}
    session[UNDER_WAY] = {
        "name": name, "begun": begun, "why": going.why, "user": user, "back": going.back, "since": int(time.time()),
    }  # fmt: skip


def came_back(name: str, state: str) -> Going | None:
    """What was under way at that provider with that ``state``, once; None for anything else."""
    found = _fresh(session.pop(UNDER_WAY, None))
    if found is None or found["name"] != name or not keyed.same(found["begun"]["state"], state):
        return None
    user = UUID(found["user"]) if found["user"] else None
    return Going(Begun(**found["begun"]), found["why"], user, found["back"])


def keep(identity: Identity, label: str, purpose: For, user_id: UUID | None = None) -> None:
    """Keep whom the provider vouched for, for one purpose, and for one person where there is one."""
    session[VOUCHED] = {
        "identity": asdict(identity), "label": label, "for": purpose, "user": str(user_id) if user_id else None,
        "since": int(time.time()),
    }  # fmt: skip


def kept(purpose: For, user_id: UUID | None = None) -> Arrival | None:
    """Who was vouched for to that purpose."""
    found = _fresh(session.get(VOUCHED))
    user = str(user_id) if user_id else None
    if found is None or (found["for"], found["user"]) != (purpose, user):
        return None
    return Arrival(Identity(**found["identity"]), found["label"])


def forget() -> None:
    """Forget who was vouched for."""
    session.pop(VOUCHED, None)


def _fresh(found: Any) -> dict[str, Any] | None:
    return found if isinstance(found, dict) and time.time() - found["since"] <= SECONDS else None
