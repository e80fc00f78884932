"""Personal data as staff see it until they give a reason: enough to tell two people apart, not to reach them."""

from __future__ import annotations

import unicodedata

HIDDEN = "•••"


def name(text: str) -> str:
    """Asha Devi as A••• D•••; nothing, as after an erasure, as •••."""
    return " ".join(_first(word) + HIDDEN for word in text.split()) or HIDDEN


def email(address: str) -> str:
    """asha@example.com as a•••@example.com."""
    local, _, domain = address.rpartition("@")
    return f"{_first(local)}{HIDDEN}@{domain}" if local else HIDDEN


def phone(number: str | None) -> str | None:
    """+919876543210 as +91 ••• 210. None for none."""
    return None if number is None else f"{number[:3]} {HIDDEN} {number[-3:]}"


def _first(text: str) -> str:
    # A letter of Devanagari with its vowel sign is one.
    end = 1
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return text[:end]
