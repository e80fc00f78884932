"""Names that other savers read: nothing in them may lead to the person behind one."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from app.sentences import Sentence
from app.services.identity import contacts

LONGEST = 40
#: A name may hold a year, or two; from this many digits on it is a number to call.
FEWEST_DIGITS_OF_A_NUMBER = 7
DIGIT_WORDS = {
    word: str(value)
    for value, words in enumerate(
        (
            ("zero", "शून्य"), ("one", "एक"), ("two", "दो"), ("three", "तीन"), ("four", "चार"),
            ("five", "पांच"), ("six", "छह"), ("seven", "सात"), ("eight", "आठ"), ("nine", "नौ"),
        )
    )
    for word in words
}  # fmt: skip
# Where a name ends in one of these it is an address. "M.S.", "Asha.K" and "Sri.Devi" end in none.
_ENDINGS = (
    "com|net|org|in|co|io|me|app|dev|info|biz|xyz|ly|gg|tv|shop|site|online|link|store|club|live|page|edu|gov|uk|us"
)
_PROVIDERS = "gmail|googlemail|yahoo|ymail|hotmail|outlook|rediffmail|icloud|protonmail"
_AT = re.compile(r"\s*[\[({<]\s*at\s*[\])}>]\s*|\s+at\s+(?=\S+\s*(?:\.\S|[\[({<]?\bdot\b))")
_DOT = re.compile(r"\s*[\[({<]\s*dot\s*[\])}>]\s*|\s+dot\s+|\s*\.(?=\w)|\s+\.\s+")
_LINK = re.compile(rf"://|\bwww\b|\w\.(?:{_ENDINGS})(?![\w.]*\w)|\b(?:{_PROVIDERS})\b")
_WORD = re.compile(r"[^\s\d.,;:/_-]+")
# Letters that stand in for a digit beside one.
_LIKE_ZERO, _LIKE_ONE = re.compile(r"(?<=\d)o|o(?=\d)"), re.compile(r"(?<=\d)[il|]|[il|](?=\d)")
_REPEATED = re.compile(r"\b(double|triple)\s+(\d)")


def display_name(text: str | None) -> str | None:
    """The name as others see it, tidied; None for nothing. Raises ValueError with a sentence for the field.

    Refused are controls and marks that reorder or hide text, and what reads as an e-mail address, a phone number or a
    link: in any script's digits, with any separators, spelled out or with "at" and "dot".
    """
    if text is None or not text.strip():
        return None
    tidy = contacts.name(text)
    if len(tidy) > LONGEST:
        raise ValueError(Sentence("Use at most %(most)s characters.", most=LONGEST))
    # The joiners stay: Devanagari needs them.
    if any(unicodedata.category(c) in {"Cf", "Zl", "Zp"} and c not in "\u200c\u200d" for c in tidy):
        raise ValueError(Sentence("Write a name in letters."))
    plain = _plain(tidy)
    if _is_link_or_address(plain) or _holds_a_number(plain):
        raise ValueError(Sentence("Others see this name: leave out addresses, phone numbers and links."))
    return tidy


def _plain(text: str) -> str:
    """Every script's digits as 0 to 9, wide and circled forms as plain ones, in small letters, without marks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = "".join(
        str(unicodedata.decimal(character)) if unicodedata.category(character) == "Nd" else character
        for character in folded
        if character not in "\u200c\u200d"
    )
    return folded.replace("。", ".").replace("․", ".")


def _is_link_or_address(plain: str) -> bool:
    if "@" in plain:
        return True
    joined = _DOT.sub(".", _AT.sub("@", plain))
    return _LINK.search(joined) is not None or any(_is_address(word) for word in joined.split())


def _is_address(word: str) -> bool:
    if "@" not in word:
        return False
    try:
        validate_email(word.strip("()[]<>{},;:"), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return True


def _holds_a_number(plain: str) -> bool:
    counted = _WORD.sub(lambda found: DIGIT_WORDS.get(found[0], found[0]), plain)
    counted = _REPEATED.sub(lambda found: found[2] * (2 if found[1] == "double" else 3), counted)
    for _ in range(2):
        counted = _LIKE_ONE.sub("1", _LIKE_ZERO.sub("0", counted))
    if sum(character.isdigit() for character in counted) >= FEWEST_DIGITS_OF_A_NUMBER:
        return True
    possible = phonenumbers.PhoneNumberMatcher(counted, "IN", leniency=phonenumbers.Leniency.POSSIBLE)
    return possible.has_next()
