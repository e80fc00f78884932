"""A jar's statement as CSV (RFC 4180): for spreadsheets and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from app import money
from app.blueprints.documents import statement_words as words
from app.services.savings.cells import escaped
from app.services.savings.statements import JarStatement

HEADER = ("date", "time", "type", "note", "in", "out", "balance")
_LINES_AT_ONCE = 500


def draw(statement: JarStatement) -> Iterator[bytes]:
    """The file in pieces, UTF-8 without a byte order mark: header, opening, a line per movement, closing.

    Amounts are decimal strings in major units; ``in`` and ``out`` are empty where nothing came or went, and on the
    opening and closing lines, so that a column's sum is the total.
    """
    text = io.StringIO()
    rows = csv.writer(text)
    movements = statement.movements
    rows.writerow(HEADER)
    rows.writerow((movements.since, "", words.OPENING, "", "", "", money.to_decimal_string(movements.opening)))
    for number, line in enumerate(movements.lines, 1):
        rows.writerow(
            (
                line.day,
                words.local_time(line, statement.zone),
                words.kind(line),
                escaped(line.note or ""),
                money.to_decimal_string(line.effect) if line.effect > 0 else "",
                money.to_decimal_string(-line.effect) if line.effect < 0 else "",
                money.to_decimal_string(line.balance),
            )
        )
        if number % _LINES_AT_ONCE == 0:
            yield _taken(text)
    rows.writerow((movements.until, "", words.CLOSING, "", "", "", money.to_decimal_string(movements.closing)))
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken
