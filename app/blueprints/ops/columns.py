"""Columns of the console's lists: how a cell is drawn, and how it is written into a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app import money
from app.blueprints.documents.statement_csv import escaped
from app.blueprints.ops.features import named, written
from app.periods import SaverZone

Kind = Literal["text", "long", "number", "money", "instant", "day", "word", "said", "id", "share"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``name`` is an attribute of the row, and the order's where ``sortable``.

    ``kind`` says how it is drawn: money is minor units, an instant is drawn in the reader's zone, a word is one of the
    program's and said as ``words`` say it (``said``: not as a chip), ``long`` is text that wraps, an id is shortened, a
    share is of one. ``link`` makes the cell lead somewhere: the first such column is what the keyboard goes through.
    ``nothing`` is what stands where the row has none.
    """

    name: str
    label: str
    kind: Kind = "text"
    sortable: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    link: Callable[[Any], str | None] | None = None
    nothing: str = "–"

    def value(self, row: Any) -> Any:
        """What the row has there."""
        return getattr(row, self.name)

    def exported(self, row: Any, zone: SaverZone) -> str:
        """The cell in a CSV file: nothing in it can be read as a formula."""
        value = self.value(row)
        if value is None:
            return ""
        if self.kind == "money":
            return money.to_decimal_string(value)
        if self.kind in ("number", "share"):
            return str(value)
        if self.kind == "instant":
            return local(value, zone).isoformat(timespec="seconds")
        if self.kind == "day":
            return str(value.isoformat())
        return escaped(str(value))


def local(instant: datetime, zone: SaverZone) -> datetime:
    """The instant in the zone that counts for a reader at it."""
    return instant.astimezone(ZoneInfo(zone.at(instant)))


def stamp(instant: datetime, zone: SaverZone) -> str:
    """2026-11-23 09:14, in the reader's zone. Its space does not break."""
    return local(instant, zone).strftime("%Y-%m-%d\xa0%H:%M")


def plain_day(value: date) -> str:
    """2026-11-23."""
    return value.isoformat()


def short_id(value: object) -> str:
    """The end of an id, which is where two that were made together differ."""
    return f"…{str(value)[-8:]}"


def said(word: str, words: Mapping[str, str] | None = None) -> str:
    """A word of the program for a person: as ``words`` say it, else itself without underscores."""
    return (words or {}).get(word) or word.replace("_", " ")


def first_large(text: str) -> str:
    """With a capital at its beginning; the rest as it is (PAN card)."""
    return text[:1].upper() + text[1:]


FILTERS: dict[str, Callable[..., Any]] = {
    "stamp": stamp, "plain_day": plain_day, "short_id": short_id, "said": said, "first_large": first_large,
    "feature": named, "local": local, "measured": written,
}  # fmt: skip
