"""A sign-in of this browser: its row, the notice where the device is new, and the device known from then on."""

from __future__ import annotations

from uuid import UUID

from flask import request

from app import clock
from app.blueprints import device_tokens
from app.services.identity import entering
from app.services.identity.principal import Principal, principal


def open_browser(user_id: UUID, *, known: bool = True) -> Principal:
    """Who the sign-in belongs to, for ``access.begin``. ``known``: the account was there before."""
    agent, token = request.user_agent.string, device_tokens.presented()
    family = entering.open_sign_in(user_id, kind="web", device=agent, token=token, at=clock.now(), known=known)
    device_tokens.remember(user_id)
    person = principal(family.family_id)
    assert person is not None  # its row has just been written
    return person
