"""Signing in from a device that was not seen among a person's sign-ins before: the person is told.

A device is known by its user agent without versions, so that an update of the browser is not somebody new. Sign-ins are
kept for some months after they end (app/services/ops/upkeep.py); a device that comes back later is new again.
"""

from __future__ import annotations

import re
from datetime import datetime

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


def tell_if_new(opened: SignIn, device: str | None, *, at: datetime) -> None:
    """Queue a notice where no other sign-in of this person came from ``device`` (a user agent). Not for a sign-up."""
    rows = fetch(
        "SELECT DISTINCT device FROM (SELECT device FROM refresh_families WHERE user_id = %s AND id <> %s"
        " ORDER BY created_at DESC LIMIT %s) AS latest",
        (opened.user_id, opened.family_id, REMEMBERED),
    )
    if key(device) in {key(seen) for (seen,) in rows}:
        return
    facts = {"device": name(device), "family_id": str(opened.family_id)}
    tell(opened.user_id, "new_device", facts, at=at, once=f"device:{opened.family_id}")


def key(device: str | None) -> str:
    """What stays the same of a user agent when program and system are updated."""
    return _VERSION.sub("", (device or "")[:200]).strip()


def name(device: str | None) -> str | None:
    """A user agent for a person: ``Chrome, Android``. None where nothing is known of it."""
    found = [next((words for sign, words in signs if sign in (device or "")), None) for signs in (_PROGRAMS, _SYSTEMS)]
    return ", ".join(word for word in found if word) or None
