"""Signing in from a device that is new: the person is told.

A device is known by the token that it keeps (known_devices.py): phones of a kind call themselves the same. Only where
the account knows no device yet, one is known by its user agent without versions, so that an update is not somebody new.
"""

from __future__ import annotations

import re
from datetime import datetime

from app.services.identity import known_devices
from app.services.identity.sign_in import SignIn
from app.services.notifications.notices import tell
from app.transactions import fetch

REMEMBERED = 500  # latest sign-ins that are looked at
_VERSION = re.compile(r"/[\d.]+|rv:[\d.]+|(?<=Android )[\d.]+|(?<=OS )\d[\d_]*|(?<=OS X )\d[\d_.]*")
# The first that is found counts: nearly all of them say Chrome and Safari too.
_PROGRAMS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("UCBrowser", "UC Browser"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
    ("Chhota", "Chhota"), ("Expo", "Chhota"), ("okhttp", "Chhota"), ("CFNetwork", "Chhota"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("okhttp", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CFNetwork", "iPhone"),
    ("Windows", "Windows"), ("Mac OS X", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def tell_if_new(opened: SignIn, device: str | None, token: str | None, *, at: datetime) -> None:
    """Queue a notice where the device with ``token`` is not known to the person. Not for a sign-up.

    ``device``: its user agent.
    """
    knows = known_devices.knows(opened.user_id, token)
    if knows or (knows is None and _seen(opened, device)):
        return
    facts = {"device": name(device), "family_id": str(opened.family_id)}
    tell(opened.user_id, "new_device", facts, at=at, once=f"device:{opened.family_id}")


def _seen(opened: SignIn, device: str | None) -> bool:
    rows = fetch(
        "SELECT DISTINCT device FROM (SELECT device FROM refresh_families WHERE user_id = %s AND id <> %s"
        " ORDER BY created_at DESC LIMIT %s) AS latest",
        (opened.user_id, opened.family_id, REMEMBERED),
    )
    return key(device) in {key(seen) for (seen,) in rows}


def key(device: str | None) -> str:
    """What stays the same of a user agent when program and system are updated."""
    return _VERSION.sub("", (device or "")[:200]).strip()


def name(device: str | None) -> str | None:
    """A user agent for a person: ``Chrome, Android``. None where nothing is known of it."""
    found = [next((words for sign, words in signs if sign in (device or "")), None) for signs in (_PROGRAMS, _SYSTEMS)]
    return ", ".join(word for word in found if word) or None
