"""The schema and the fields that every API schema is made of: what they do not take, no call takes.

marshmallow's own fields are lenient (5.9 and "1_000" are whole numbers to it, 1 and "on" are true); these are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, TypeAlias

from flask import current_app
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from app import money
from app.sentences import Sentence

LARGEST_INTEGER: Final = 2**63 - 1
#: Calendar arithmetic on days nearer to the ends of what ``date`` holds would overflow.
EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2199, 12, 31)

Validators: TypeAlias = Callable[[Any], Any] | Iterable[Callable[[Any], Any]] | None

# Controls, lone surrogates, noncharacters, and the marks that reorder or split what a person sees. The joiners
# U+200C and U+200D stay: Devanagari needs them.
_UNPRINTABLE = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff"
)
_NOT_ONE_LINE = re.compile(f"[{_UNPRINTABLE}\t\n\r]")
_NOT_LINES = re.compile(f"[{_UNPRINTABLE}]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_DIGITS = re.compile(r"-?[0-9]{1,19}")


def _all(own: Callable[[Any], Any], given: Validators) -> list[Callable[[Any], Any]]:
    if given is None:
        return [own]
    return [own, given] if callable(given) else [own, *given]


#: What marshmallow says of any field.
OF_ANY_FIELD: Final = (Sentence("Missing data for required field."), Sentence("Field may not be null."))


class StrictSchema(Schema):
    """Refuses what it does not name. Its members come out in the order in which they are declared."""

    class Meta:
        unknown = RAISE


class MoneyField(fields.Field[int]):
    """An amount: integer minor units inside, a decimal string in major units outside.

    Loads by ``money.parse``: always above zero, at most ``maximum`` minor units, which is the setting
    ``MAX_AMOUNT_MINOR`` where it is not given. Dumps any integer, also zero and negatives.
    """

    def __init__(self, *, maximum: int | None = None, metadata: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        self.maximum = maximum
        super().__init__(metadata=metadata, **kwargs)
        self.metadata = {**self._openapi(), **(metadata or {})}

    def _openapi(self) -> dict[str, Any]:
        if self.dump_only:
            # apispec adds "null" to the type by itself where None is allowed.
            return {"type": "string", "pattern": money.OUTPUT_PATTERN}
        alternatives: list[dict[str, Any]] = [
            {"type": "string", "pattern": money.INPUT_PATTERN},
            {"type": "integer", "minimum": 1},
        ]
        if self.allow_none:
            alternatives.append({"type": "null"})
        return {"anyOf": alternatives, "example": "250.00"}

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else money.to_decimal_string(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        maximum = current_app.config["MAX_AMOUNT_MINOR"] if self.maximum is None else self.maximum
        try:
            return money.parse(value, maximum=maximum)
        except ValueError as error:
            raise ValidationError(error.args[0]) from None


class StrictString(fields.String):
    """Text in Unicode NFC, of ``min_length`` to ``max_length`` characters counted after it.

    Only a JSON string; spaces at its ends stay, but text of nothing visible is refused unless ``min_length`` is 0.
    One line without control characters; ``multiline`` lets tabs and line ends through.
    """

    default_error_messages = {  # noqa: RUF012 (marshmallow's own way of declaring them)
        "invalid": Sentence("Give a string."),
        "characters": Sentence("Characters that are not text are not taken."),
        "blank": Sentence("This must not be blank."),
    }

    def __init__(
        self,
        *,
        max_length: int,
        min_length: int = 1,
        multiline: bool = False,
        validate: Validators = None,
        **kwargs: Any,
    ) -> None:
        self.refuses_blank = min_length > 0
        self.refused = _NOT_LINES if multiline else _NOT_ONE_LINE
        super().__init__(validate=_all(_length(min_length, max_length), validate), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is not str:
            raise self.make_error("invalid")
        if self.refused.search(value):
            raise self.make_error("characters")
        text = unicodedata.normalize("NFC", value)
        if self.refuses_blank and not any(_visible(character) for character in text):
            raise self.make_error("blank")
        return text


def _visible(character: str) -> bool:
    # U+2800 and the Hangul fillers are letters and symbols by category, and blank on the screen.
    return unicodedata.category(character)[0] in "LNPS" and character not in "\u115f\u1160\u2800\u3164\uffa0"


class _Length(validate.Length):
    # What the library formats is plain text, which no catalogue knows.
    def _format_error(self, value: Any, message: str) -> str:
        return Sentence("Give %(fewest)s to %(most)s characters.", fewest=self.min, most=self.max)


def _length(minimum: int, maximum: int) -> validate.Length:
    return _Length(min=minimum, max=maximum)


class StrictInteger(fields.Integer):
    """A whole JSON number from ``minimum`` to ``maximum``: no boolean, no fraction, no string."""

    default_error_messages = {"invalid": Sentence("Give a whole number.")}  # noqa: RUF012

    def __init__(
        self,
        *,
        minimum: int = 0,
        maximum: int = LARGEST_INTEGER,
        validate: Validators = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(validate=_all(_range(minimum, maximum), validate), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class QueryInteger(StrictInteger):
    """A whole number in a query string: digits 0 to 9 and perhaps a minus sign, nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if type(value) is not str or not _DIGITS.fullmatch(value):
            raise self.make_error("invalid")
        return int(value)


class _Range(validate.Range):
    def _format_error(self, value: Any, message: str) -> str:
        return Sentence("Give a whole number from %(least)s to %(most)s.", least=self.min, most=self.max)


def _range(minimum: int, maximum: int) -> validate.Range:
    return _Range(min=minimum, max=maximum)


class StrictBoolean(fields.Boolean):
    """``true`` or ``false``; no number and no word stands for them."""

    default_error_messages = {"invalid": Sentence("Give true or false.")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


class QueryBoolean(StrictBoolean):
    """``true`` or ``false`` in a query string."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid")
        return bool(value == "true")


class LocalDate(fields.Date):
    """A calendar day, ``YYYY-MM-DD`` and no other form of ISO 8601, from 1900 to 2199."""

    default_error_messages = {"invalid": Sentence("Give a date as YYYY-MM-DD.")}  # noqa: RUF012

    def _serialize(self, value: date | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        if type(value) is not str or not _DATE.fullmatch(value):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if not EARLIEST <= day <= LATEST:
            raise self.make_error("invalid")
        return day


class UtcDateTime(fields.AwareDateTime):
    """An instant: aware and in UTC inside, ISO 8601 with milliseconds and ``Z`` outside.

    Loads ISO 8601 with ``Z`` or an offset, from 1900 to 2199. Dumping a naive value is a ValueError: nobody knows
    which instant it is.
    """

    default_error_messages = {"invalid": Sentence("Give an instant as 2026-01-31T18:30:00Z.")}  # noqa: RUF012

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{attr} is a naive datetime")
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        if type(value) is not str or not _INSTANT.fullmatch(value):
            raise self.make_error("invalid")
        try:
            instant = datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
        if not EARLIEST <= instant.date() <= LATEST:
            raise self.make_error("invalid")
        return instant
