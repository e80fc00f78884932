"""Phones and browsers that take push. Each belongs to the sign-in that named it, and goes when that ends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import orjson
import uuid_utils.compat as uuids
from flask import current_app

from app.errors import Invalid, NotFound
from app.integrations.web_push import BrowserPush, usable_keys
from app.sentences import Sentence
from app.transactions import fetch, queue

EXPO_TOKEN = re.compile(r"Expo(nent)?PushToken\[[A-Za-z0-9_:-]{1,200}\]")
MOST = 20  # for one account; the oldest makes room


@dataclass(frozen=True, slots=True)
class Device:
    """``kind``: expo (the app on a phone) or web (a browser)."""

    id: UUID
    kind: Literal["expo", "web"]
    created_at: datetime


def browser_key() -> str | None:
    """The installation's public key, as PushManager.subscribe takes it; None where push to browsers is not set up."""
    push: BrowserPush = current_app.extensions["browser_push"]
    return current_app.config["VAPID_PUBLIC_KEY"] if push.configured else None


def register_phone(user_id: UUID, family_id: UUID, token: str, *, at: datetime) -> Device:
    """Have the app with this Expo token take push for the sign-in ``family_id``. Raises Invalid (field token)."""
    if not EXPO_TOKEN.fullmatch(token):
        raise Invalid({"token": ["Send the Expo push token as the app has it, such as ExponentPushToken[…]."]})
    return _register(user_id, family_id, "expo", token, None, at)


def register_browser(user_id: UUID, family_id: UUID, endpoint: str, keys: Mapping[str, str], *, at: datetime) -> Device:
    """Have a browser's subscription (``keys``: p256dh, auth) take push for the sign-in. Raises Invalid.

    Endpoints of push services that are not known here are refused: what a client names is not called blindly.
    """
    push: BrowserPush = current_app.extensions["browser_push"]
    if not push.configured:
        raise Invalid({"endpoint": [Sentence("Push to browsers is not set up here.")]})
    if not push.accepts(endpoint):
        raise Invalid({"endpoint": [Sentence("This is no address of a push service that we know.")]})
    held = {name: str(keys.get(name, "")) for name in ("p256dh", "auth")}
    if not usable_keys(held):
        raise Invalid({"keys": ["Send the subscription's keys p256dh and auth as the browser has them."]})
    return _register(user_id, family_id, "web", endpoint, held, at)


def _register(
    user_id: UUID, family_id: UUID, kind: Literal["expo", "web"], address: str, keys: dict[str, str] | None,
    at: datetime,
) -> Device:  # fmt: skip
    # One address is one device: named again it goes to the sign-in that named it last. With another account it becomes
    # another device, so that nothing that waits for the one before reaches it.
    ((device, created_at),) = fetch(
        "INSERT INTO push_devices AS d (id, user_id, family_id, kind, address, keys, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s) ON CONFLICT (address) DO UPDATE SET"
        " id = CASE WHEN d.user_id = EXCLUDED.user_id THEN d.id ELSE EXCLUDED.id END,"
        " created_at = CASE WHEN d.user_id = EXCLUDED.user_id THEN d.created_at ELSE EXCLUDED.created_at END,"
        " user_id = EXCLUDED.user_id, family_id = EXCLUDED.family_id, kind = EXCLUDED.kind, keys = EXCLUDED.keys"
        " RETURNING id, created_at",
        (uuids.uuid7(), user_id, family_id, kind, address, None if keys is None else orjson.dumps(keys).decode(), at),
    )
    queue(
        "DELETE FROM push_devices WHERE user_id = %(user)s AND id <> %(device)s AND id NOT IN ("
        "SELECT id FROM push_devices WHERE user_id = %(user)s ORDER BY created_at DESC, id DESC LIMIT %(most)s)",
        {"user": user_id, "device": device, "most": MOST},
    )
    return Device(device, kind, created_at)


def remove(user_id: UUID, device_id: UUID) -> None:
    """Send this device nothing more. Raises NotFound where the person has none of that id."""
    if not fetch("DELETE FROM push_devices WHERE id = %s AND user_id = %s RETURNING 1", (device_id, user_id)):
        raise NotFound


def remove_address(user_id: UUID, address: str) -> None:
    """The same by what the device calls itself (token or endpoint); none of that name is as good."""
    queue("DELETE FROM push_devices WHERE address = %s AND user_id = %s", (address, user_id))


def registered(family_id: UUID) -> list[Device]:
    """The devices of one sign-in, oldest first."""
    rows = fetch(
        "SELECT id, kind, created_at FROM push_devices WHERE family_id = %s ORDER BY created_at, id", (family_id,)
    )
    return [Device(*row) for row in rows]


def forget(family_ids: list[UUID]) -> None:
    """Queue the removal of the devices of sign-ins that end."""
    queue("DELETE FROM push_devices WHERE family_id = ANY(%s::uuid[])", ([str(one) for one in family_ids],))
