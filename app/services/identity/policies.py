"""The terms and the privacy notice: which versions there are, which counts, and what each says.

A version is a file for each language under ``templates/policies``; one that has counted is never changed, a test holds
its digest. A new one is a new file and a new line here, with the day from which it counts: whoever agreed to an older
one is asked then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

INDIA: Final = ZoneInfo("Asia/Kolkata")
LANGUAGES: Final = ("en", "hi")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a text. It counts from the beginning of a day in India."""

    number: str
    counts_from: date


#: Oldest first.
VERSIONS: Final[dict[str, tuple[Version, ...]]] = {
    "terms": (Version("1", date(2025, 1, 1)),),
    "privacy": (Version("1", date(2025, 1, 1)),),
}


def current(policy: str, at: datetime) -> Version:
    """The version of ``terms`` or ``privacy`` that counts at ``at``; the first one before there was any."""
    today = at.astimezone(INDIA).date()
    return next((one for one in reversed(VERSIONS[policy]) if one.counts_from <= today), VERSIONS[policy][0])


def version(policy: str, number: str) -> Version | None:
    """The version of that number, of any time."""
    return next((one for one in VERSIONS[policy] if one.number == number), None)


def template(policy: str, number: str, language: str) -> str:
    """The file with its words."""
    return f"policies/{language if language in LANGUAGES else 'en'}/{policy}-{number}.txt"
