"""Days whose order the file does not know: kept together, put in an order, and their last balance found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from app.ledger.accounts import CREDITS
from app.services.ops.imports.rows import Refused, Row

LARGEST_DAY = 500
# Days are kept whole where their order is not known, but not at the price of the memory.
LARGEST_PART = 4


def parts(items: Iterable[Row | Refused], size: int, *, whole_days: bool) -> Iterator[list[Row | Refused]]:
    """``items`` in lists of ``size``; with ``whole_days`` a list goes on to the end of its last day, up to a limit."""
    part: list[Row | Refused] = []
    day = None
    for item in items:
        same_day = isinstance(item, Refused) or item.day == day
        if len(part) >= size and not (whole_days and same_day and len(part) < size * LARGEST_PART):
            yield part
            part = []
        part.append(item)
        if isinstance(item, Row):
            day = item.day
    if part:
        yield part


def credits_first(rows: Iterable[Row]) -> list[Row]:
    """The rows with the credits of each day before its debits, otherwise in their order.

    For files that give dates alone and are in the order of dates: there the order within a day says nothing, and a
    withdrawal would be refused for a deposit that stands below it.
    """
    ordered: list[Row] = []
    for _, of_day in groupby(rows, key=lambda row: row.day):
        ordered += sorted(of_day, key=lambda row: row.kind not in CREDITS)
    return ordered


def closing_balance(of_day: Sequence[tuple[int, int]]) -> int:
    """The last balance of a day whose order is not known, from signed amounts and the balances after them.

    Every balance but the last is where another movement of the day began. Figures may be rounded, so the last is the
    one that lies furthest from every such beginning; of equals, the one that the file names last.
    """
    begins = [balance - signed for signed, balance in of_day]

    def distance(index: int) -> int:
        balance = of_day[index][1]
        return min(abs(balance - begin) for other, begin in enumerate(begins) if other != index)

    if len(of_day) == 1 or len(of_day) > LARGEST_DAY:
        return of_day[-1][1]
    return of_day[max(range(len(of_day)), key=lambda index: (distance(index), index))][1]
