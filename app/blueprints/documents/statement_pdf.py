"""A jar's statement as a PDF: tagged A4 pages whose text can be searched and copied."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from babel.numbers import format_decimal

from app import money
from app.blueprints.documents import pdf
from app.blueprints.documents import statement_words as words
from app.services.savings.statements import JarStatement

# About 60 pages, 1.5 s and 250 MB in the typesetter's process; whoever has more reads it by machine.
MOST_LINES = 2_000
_LONGEST_WORD = 18
_BREAK_EVERY = 6
_BREAK = "\u200b"


def draw(statement: JarStatement) -> bytes:
    """The bytes of the file. Raises what ``pdf.typeset`` raises."""
    movements, zone = statement.movements, statement.zone
    in_currency = {
        name: money.format_rupees(minor, currency=statement.currency, whole=False)
        for name, minor in (
            ("opening", movements.opening),
            ("total_in", movements.total_in),
            ("total_out", movements.total_out),
            ("closing", movements.closing),
        )
    }
    values = {
        **in_currency,
        "saver": _breakable(statement.saver_name),
        "jar": _breakable(statement.jar_name),
        "since": words.long_date(movements.since),
        "until": words.long_date(movements.until),
        "made_at": words.long_instant(statement.made_at, zone),
        "zone": zone.at(statement.made_at),
        "count": len(movements.lines),
        "symbol": money.format_rupees(0, currency=statement.currency).rstrip("0"),
        "opening_figure": _figure(movements.opening, statement.currency),
        "closing_figure": _figure(movements.closing, statement.currency),
        "lines": [
            {
                "date": words.long_date(line.day),
                "time": words.local_time(line, zone),
                "kind": words.kind(line),
                "note": _breakable(line.note or ""),
                "in": _figure(line.effect, statement.currency) if line.effect > 0 else "",
                "out": _figure(-line.effect, statement.currency) if line.effect < 0 else "",
                "balance": _figure(line.balance, statement.currency),
            }
            for line in movements.lines
        ],
    }
    return pdf.typeset("statement", values, made_at=statement.made_at)


def _figure(minor: int, currency: str) -> str:
    digits = money.exponent(currency)
    pattern = "#,##,##0" + ("." + "0" * digits if digits else "")
    text: str = format_decimal(Decimal(minor).scaleb(-digits), format=pattern, locale="en_IN")
    return text


def _breakable(text: str) -> str:
    """``text`` with places to break words that are wider than a column: never before a mark or beside a joiner."""
    out: list[str] = []
    run = 0
    for before, character in zip(" " + text, text, strict=False):
        run = 0 if character.isspace() else run + 1
        if run > _LONGEST_WORD and _starts_a_cluster(before, character):
            out.append(_BREAK)
            run -= _BREAK_EVERY
        out.append(character)
    return "".join(out)


def _starts_a_cluster(before: str, character: str) -> bool:
    virama = unicodedata.combining(before) == 9
    return not virama and before != "\u200d" and unicodedata.category(character)[0] in "LNPS"
