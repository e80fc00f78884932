"""A page of a list by keyset: no OFFSET and no count, so that a page takes as long at the end as at the beginning."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.transactions import fetch

Row = TypeVar("Row")
#: Where a page ended: what its last row is ordered by.
Position = tuple[Any, ...]
READ: dict[type, Callable[[str], Any]] = {
    datetime: datetime.fromisoformat, date: date.fromisoformat, UUID: UUID, str: str, int: int,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Order:
    """``by``: the SQL that rows are ordered by, all in one direction; no two rows share the last of them.

    ``kinds``: the type of each value. An index must have them in that order, behind what filters ask to be equal.
    ``by_code_points``: the first is text, upwards by its code points, as an index with text_pattern_ops has it: what
    begins alike then stands together whatever the database's collation.
    """

    by: tuple[str, ...]
    kinds: tuple[type, ...]
    descending: bool = False
    by_code_points: bool = False

    def written(self, names: Sequence[str]) -> str:
        """As ORDER BY says it of columns or expressions."""
        direction = "DESC" if self.descending else "ASC"
        ways = [f"{name} {direction}" for name in names]
        return ", ".join([f"{names[0]} USING ~<~", *ways[1:]] if self.by_code_points else ways)

    def beyond(self) -> str:
        """The condition of the rows after the position whose values are ``%(after_0)s`` and so on."""
        values = [f"%(after_{number})s" for number in range(len(self.by))]
        if not self.by_code_points:
            return f"({', '.join(self.by)}) {'<' if self.descending else '>'} ({', '.join(values)})"
        first, *rest = self.by
        later = f"{first} ~>~ {values[0]}"
        if not rest:
            return later
        return f"{first} ~>=~ {values[0]} AND ({later} OR ({', '.join(rest)}) > ({', '.join(values[1:])}))"

    def position(self, values: list[str]) -> Position:
        """A position as a cursor kept it. Raises ValueError."""
        return tuple(READ[kind](value) for kind, value in zip(self.kinds, values, strict=True))


def both_ways(name: str, by: tuple[str, ...], kinds: tuple[type, ...]) -> dict[str, Order]:
    """The orders ``name`` and ``-name``, the latter from the largest down."""
    return {name: Order(by, kinds), f"-{name}": Order(by, kinds, descending=True)}


@dataclass(frozen=True, slots=True)
class Source:
    """What a list is read from. All of it is text of the program, never of a request.

    The rows of a page are found first (``id`` ``found``: columns that an index holds), then read (``columns``
    ``read``, where ``k`` are those that were found). ``filters``: the SQL of each, with its value as ``%(name)s``.
    """

    id: str
    found: str
    columns: str
    read: str
    filters: Mapping[str, str]
    orders: Mapping[str, Order]


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and where the next page begins; None at the end."""

    rows: list[Row]
    next: Position | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a list: filters by name (those that say nothing are left out), order, place, how many."""

    filters: Mapping[str, Any]
    order: str
    after: Position | None = None
    limit: int = 50


def page(source: Source, make: Callable[..., Row], asked: Asked, more: Mapping[str, Any] | None = None) -> Page[Row]:
    """The rows that ``asked`` asks for, each made of its columns by ``make``; ``more``: further values of filters.

    Raises KeyError for a filter or an order that is not declared.
    """
    order = source.orders[asked.order]
    where = [source.filters[name] for name in asked.filters]
    values = dict(asked.filters) | dict(more or {}) | {"limit": asked.limit + 1}
    if asked.after is not None:
        where.append(order.beyond())
        values |= {f"after_{number}": value for number, value in enumerate(asked.after)}
    width = len(order.by)
    keys = [f"k.by_{number}" for number in range(width)]
    rows = fetch(
        f"WITH k AS (SELECT {source.id} AS id, "
        f"{', '.join(f'{sql} AS by_{number}' for number, sql in enumerate(order.by))} {source.found}"
        f"{' WHERE ' + ' AND '.join(where) if where else ''} ORDER BY {order.written(order.by)} LIMIT %(limit)s)"
        f" SELECT {', '.join(keys)}, {source.columns} {source.read} ORDER BY {order.written(keys)}",
        values,
    )
    shown = rows[: asked.limit]
    return Page([make(*row[width:]) for row in shown], tuple(shown[-1][:width]) if len(rows) > asked.limit else None)


def just_after(prefix: str) -> str:
    """The least text, by the order of code points, that is greater than all that begin with ``prefix``."""
    for end in range(len(prefix), 0, -1):
        point = ord(prefix[end - 1]) + 1
        if point <= 0x10FFFF:
            return prefix[: end - 1] + chr(0xE000 if 0xD800 <= point < 0xE000 else point)
    return "\U0010ffff"
