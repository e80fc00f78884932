"""E-mail addresses, phone numbers and names as people type them, in the one form they are kept in."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from app.sentences import Sentence

INDIAN_MOBILE = re.compile(r"\+91[6-9]\d{9}")


def email(text: str) -> tuple[str, str]:
    """The address as shown, and the key under which every spelling of it is one (NFKC, case folded).

    Raises ValueError with a sentence for the field.
    """
    try:
        checked = validate_email(
            unicodedata.normalize("NFKC", text.strip()), check_deliverability=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise ValueError(Sentence("Write an e-mail address such as asha@example.com.")) from error
    return checked.normalized, email_key(checked.normalized)


def email_key(text: str) -> str:
    """The key of an address, for looking it up: whatever the text, without complaint."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())


def phone(text: str) -> str:
    """The number in E.164; ten digits alone are Indian. Raises ValueError with a sentence for the field."""
    refusal = Sentence(
        "Write a mobile number of ten digits, such as 98765 43210, or one that begins with + and its country."
    )
    try:
        parsed = phonenumbers.parse(text, "IN")
    except phonenumbers.NumberParseException as error:
        raise ValueError(refusal) from error
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    indian = formatted.startswith("+91")
    if parsed.extension or not (INDIAN_MOBILE.fullmatch(formatted) if indian else phonenumbers.is_valid_number(parsed)):
        raise ValueError(refusal)
    return formatted


def spaced(number: str) -> str:
    """A number in E.164 as people read it: +91 98765 43210."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return number


def name(text: str) -> str:
    """A person's name, NFC, inner spaces single. Raises ValueError with a sentence for the field."""
    tidy = unicodedata.normalize("NFC", " ".join(text.split()))
    if not 1 <= len(tidy) <= 100:
        raise ValueError(Sentence("Write a name of 1 to 100 characters."))
    if any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} for character in tidy):
        raise ValueError(Sentence("Write a name in letters."))
    return tidy
