"""JSON text, read strictly: the one place that decides what is JSON to this program.

The standard parser takes NaN, lets the last of two equal members win, and dies of deep nesting; PostgreSQL takes no NUL
and no lone surrogate. Here all of these are refusals.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from app.sentences import Sentence

MAX_DEPTH: Final = 32
#: More errors than this, or longer names, only repeat the client's own input to it.
MAX_ERRORS: Final = 20
MAX_NAME: Final = 64

NOT_TEXT: Final = Sentence("Characters that are not text are not taken.")
UNUSABLE: Final = Sentence("Some values cannot be used; see errors.")
#: Code points that no stored text may hold.
UNTEXT: Final = re.compile("[\x00\ud800-\udfff]")
_ESCAPED = b"\\u"
# Strings whole (possessive: no backtracking), so that brackets inside them do not count.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
# 19 digits and a sign: what fits in 64 bits. Longer ones are refused before Python's own digit limit is met.
_LONGEST_INTEGER: Final = 20


class BodyError(Exception):
    """A request that cannot be used, for the edge to answer as problem+json.

    ``status`` is the HTTP status, ``code`` stable and snake_case, ``detail`` a sentence for a person, ``errors`` maps
    dotted field names to sentences (None unless the status is 422).
    """

    def __init__(self, status: int, code: str, detail: str, errors: dict[str, list[str]] | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors


def parse_json_object(raw: bytes) -> dict[str, Any]:
    """The one JSON object in ``raw``, with every string usable as text in PostgreSQL. BodyError otherwise."""
    _check_depth(raw)
    try:
        text = raw.decode("utf-8")
        try:
            document = _decoder.decode(text)
        except _OutOfRange:
            document = _naming_decoder.decode(text)
            suspect = True
        else:
            # Only an escape can bring a NUL or a lone surrogate into UTF-8 that decoded.
            suspect = _ESCAPED in raw
    except UnicodeDecodeError:
        raise malformed("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise malformed(f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    if not isinstance(document, dict):
        raise BodyError(422, "validation_error", UNUSABLE, {"_body": ["Send a JSON object."]})
    if suspect:
        errors: dict[str, list[str]] = {}
        for path, message in _unusable(document, ""):
            errors.setdefault(path, [message])
            if len(errors) == MAX_ERRORS:
                break
        if errors:
            raise BodyError(422, "validation_error", UNUSABLE, errors)
    return document


def join_path(path: str, name: object) -> str:
    """A dotted field name. ``name`` comes from the client: it is shown back as text, and short."""
    shown = UNTEXT.sub("\ufffd", str(name))[:MAX_NAME]
    return f"{path}.{shown}" if path else shown


def _check_depth(raw: bytes) -> None:
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _STRUCTURE.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise malformed(f"The body is nested more than {MAX_DEPTH} levels deep.")
        elif token in b"]}":
            depth -= 1


def _unusable(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if UNTEXT.search(value):
            yield path, NOT_TEXT
    elif isinstance(value, float):
        if math.isinf(value):
            yield path, "The number is out of range."
    elif isinstance(value, dict):
        for name, inner in value.items():
            inner_path = join_path(path, name)
            if UNTEXT.search(name):
                yield inner_path, NOT_TEXT
            yield from _unusable(inner, inner_path)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unusable(inner, join_path(path, index))


def malformed(detail: str) -> BodyError:
    """The 400 for what is not one JSON text."""
    return BodyError(400, "malformed_json", detail)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise malformed("The body names a member twice.")
    return members


def _no_constant(name: str) -> NoReturn:
    raise malformed(f"{name} is not JSON.")


class _OutOfRange(Exception):
    """A number that no field can hold; the document is then read again, to name the field."""


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise _OutOfRange
    return int(digits)


def _fraction(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _OutOfRange
    return number


def _integer_or_infinity(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else math.inf


_decoder = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_no_constant, parse_int=_integer, parse_float=_fraction
)
_naming_decoder = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_no_constant, parse_int=_integer_or_infinity
)
