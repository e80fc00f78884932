"""Numbers of identity papers: checked, shown in part, found again by a keyed hash, and never kept."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from flask import current_app
from stdnum.exceptions import ValidationError
from stdnum.in_ import aadhaar, pan

from app.errors import Invalid
from app.sentences import Sentence

SHOWN_AT_THE_END = 3
SEPARATORS = re.compile(r"[\s./-]+")
# Those without a check digit that all issuers keep to: what every one of them looks like.
SHAPES = {
    "passport": re.compile(r"[A-PR-WY][0-9]{7}"),
    "voter_id": re.compile(r"[A-Z]{3}[0-9]{7}|[A-Z]{2}[0-9]{12}"),
    "driving_licence": re.compile(r"[A-Z]{2}[0-9A-Z]{8,16}"),
}


@dataclass(frozen=True, slots=True)
class Number:
    """``masked`` may be shown; ``digest`` is the same for the same number of the same kind, and for nobody's else."""

    masked: str
    digest: bytes = field(repr=False)


def read(document_type: str, text: str | None) -> Number | None:
    """The number as it may be kept; None where none was given. Raises Invalid. What was typed is in no error."""
    if text is None or not text.strip():
        return None
    try:
        compact, masked = READERS.get(document_type, _of_shape(document_type))(text.strip())
    except (ValidationError, ValueError):
        raise Invalid({"document_number": [WORDS[document_type]]}) from None
    key = current_app.config["KYC_NUMBER_KEY"].encode()
    return Number(masked, hmac.digest(key, f"{document_type}:{compact}".encode(), sha256))


def _pan(text: str) -> tuple[str, str]:
    number = pan.validate(text)
    if number[3] != "P":
        raise ValueError("a company's or another body's, no person's")
    return number, pan.mask(number)


def _aadhaar(text: str) -> tuple[str, str]:
    number = aadhaar.validate(text)
    return number, aadhaar.mask(number)


def _of_shape(document_type: str) -> Callable[[str], tuple[str, str]]:
    def read_it(text: str) -> tuple[str, str]:
        number = SEPARATORS.sub("", text).upper()
        if not SHAPES[document_type].fullmatch(number):
            raise ValueError("no such number")
        return number, "X" * (len(number) - SHOWN_AT_THE_END) + number[-SHOWN_AT_THE_END:]

    return read_it


READERS: dict[str, Callable[[str], tuple[str, str]]] = {"pan": _pan, "aadhaar": _aadhaar}
WORDS = {
    "pan": Sentence("This is not a person's PAN. It has ten characters, with a P in the fourth place."),
    "aadhaar": Sentence("This is not an Aadhaar number. It has 12 digits; please compare it with the card."),
    "passport": Sentence("This is not a passport number. It is a letter and seven digits."),
    "voter_id": Sentence("This is not a voter ID. It begins with letters, and digits follow."),
    "driving_licence": Sentence("This is not a licence number. It begins with two letters for the state."),
}
