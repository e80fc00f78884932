"""One table: what an export shows of it, what an erasure does, and for how long it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

JARS = "(SELECT id FROM savings_jars WHERE user_id = %(user)s)"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Section:
    """A member of the exported document, made of one table's rows, of which the saver's are ``t`` of ``rows``.

    ``values``: name in the document and SQL expression. ``money``: names whose values are minor units. ``whole``: the
    document has the one row itself, not a list. ``shaped``: what else makes a row readable.
    """

    name: str
    values: Mapping[str, str]
    rows: str
    money: frozenset[str] = frozenset()
    whole: bool = False
    shaped: Callable[[Row], Row] = lambda row: row


@dataclass(frozen=True, slots=True)
class Holding:
    """What is done with one table. Every table has one: tests walk them.

    ``about``: its rows in plain words. ``export``: its section, or the reason why none of it is shown. ``withheld``:
    columns that no section shows, with the reason. ``erased``: statements of an erasure, in which ``%(user)s`` is the
    saver; none where all of it stays. ``stays``: why what an erasure leaves is left; empty where it leaves nothing.
    ``kept``: for how long rows are kept otherwise, after ``counted`` from; None as long as ``stays`` or the account
    has it.
    """

    table: str
    about: str
    export: Section | str
    withheld: Mapping[str, str] = field(default_factory=dict)
    erased: tuple[str, ...] = ()
    stays: str = ""
    kept: timedelta | None = None
    counted: str = ""


def columns(*names: str, **others: str) -> dict[str, str]:
    """Columns of ``t`` under their own names, and others under names of their own."""
    return {name: f"t.{name}" for name in names} | others
