"""Passwords: the rule, and Argon2id over them."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.errors import Invalid
from app.sentences import Sentence

MINIMUM, MAXIMUM = 10, 128
DECORATION = "0123456789!@#$%&*_-. "
#: What somebody who guesses cleverly (common words, names, dates, keyboards, swaps of letters) needs at the least.
FEWEST_GUESSES = 10_000_000
ESTIMATED = 40  # characters that are looked at for it; longer ones are beyond guessing unless they repeat
#: What people here would try that no list from elsewhere has.
OF_HERE = (
    "chhota", "gullak", "bachat", "paisa", "india", "bharat", "hindustan", "namaste", "jaihind", "vandemataram",
    "jaishreeram", "shreeram", "jaishriram", "radheradhe", "harharmahadev", "omnamahshivaya", "waheguru", "bismillah",
    "ganesh", "ganpati", "hanuman", "krishna", "shivaji", "saibaba", "sairam", "lakshmi", "durga", "bollywood",
    "cricket", "sachin", "dhoni", "kohli", "mumbai", "delhi", "kolkata", "chennai", "bengaluru", "bangalore",
    "hyderabad", "pune", "mobile", "jiophone", "paytm", "aadhaar", "welcome",
)  # fmt: skip


@cache
def _hasher(memory_kib: int, time_cost: int) -> PasswordHasher:
    return PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)


def hasher() -> PasswordHasher:
    """Argon2id with this installation's parameters."""
    return _hasher(current_app.config["ARGON2_MEMORY_KIB"], current_app.config["ARGON2_TIME_COST"])


@cache
def _common() -> frozenset[str]:
    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 3) | frozenset(OF_HERE)


def check(password: str, *, personal: tuple[str, ...] = (), field: str = "password") -> None:
    """Refuse a weak password: Invalid (``weak_password``) with a sentence for ``field``.

    ``personal`` are things that anyone who knows the saver would try (name, address, number).
    """
    sentence = None
    folded = unicodedata.normalize("NFKC", password).casefold()
    theirs = {part for word in personal for part in (word.casefold(), *word.casefold().split()) if part}
    if not MINIMUM <= len(password) <= MAXIMUM:
        sentence = Sentence(
            "Use %(fewest)s to %(most)s characters; a few words in a row are easy to remember.",
            fewest=MINIMUM,
            most=MAXIMUM,
        )
    elif folded in theirs:
        sentence = Sentence("Use a password that is not your name, address or number.")
    elif (
        len(set(folded)) < 4
        or folded.strip() in _common()
        or (len(folded) < 14 and any(core in _common() or core in theirs for core in _cores(folded)))
        or _guesses(password, personal) < FEWEST_GUESSES
    ):
        sentence = Sentence("This password is among the first that others would try. A few words in a row are better.")
    if sentence:
        raise Invalid({field: [sentence]}, code="weak_password")


def _cores(folded: str) -> set[str]:
    """What is left of a password without digits and marks at its ends, as many of the last ones as there are."""
    tidy = folded.lstrip(DECORATION)
    end = len(tidy.rstrip(DECORATION))
    return {tidy[:length] for length in range(max(end, 3), len(tidy) + 1)}


def _guesses(password: str, personal: tuple[str, ...]) -> float:
    known = [*OF_HERE, *(part for word in personal for part in (word, *word.split()) if len(part) > 2)]
    return float(zxcvbn(password[:ESTIMATED], user_inputs=known)["guesses"])


def hash_password(password: str) -> str:
    """The Argon2id hash to keep."""
    return hasher().hash(unicodedata.normalize("NFKC", password))


def verify(hash_: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind ``hash_``; takes as long for a saver who does not exist (None)."""
    known = hash_ or _decoy(current_app.config["ARGON2_MEMORY_KIB"], current_app.config["ARGON2_TIME_COST"])
    try:
        matches = hasher().verify(known, unicodedata.normalize("NFKC", password))
    except (VerificationError, InvalidHashError):
        return False
    return matches and hash_ is not None


def outdated(hash_: str) -> bool:
    """Whether the installation's parameters have grown since ``hash_`` was made."""
    return hasher().check_needs_rehash(hash_)


@cache
def _decoy(memory_kib: int, time_cost: int) -> str:
    return _hasher(memory_kib, time_cost).hash("nobody's password")
