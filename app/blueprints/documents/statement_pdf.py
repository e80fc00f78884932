"""A jar's statement as a PDF: tagged A4 pages whose text can be searched and copied."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

from babel.numbers import format_decimal
from flask_babel import gettext

from app import money
from app.blueprints.documents import pdf
from app.blueprints.documents import statement_words as words
from app.blueprints.languages import LOCALES, in_language, language
from app.services.savings.statements import JarStatement

# About 60 pages, 1.5 s and 250 MB in the typesetter's process; whoever has more reads it by machine.
MOST_LINES = 2_000
_LONGEST_WORD = 18
_BREAK_EVERY = 6
_BREAK = "\u200b"


def draw(statement: JarStatement) -> bytes:
    """The bytes of the file, in the reader's language. Raises what ``pdf.typeset`` raises."""
    movements, zone, spoken = statement.movements, statement.zone, language()
    locale = LOCALES[spoken]
    in_currency = {
        name: money.format_rupees(minor, locale=locale, currency=statement.currency, whole=False)
        for name, minor in (
            ("opening", movements.opening),
            ("total_in", movements.total_in),
            ("total_out", movements.total_out),
            ("closing", movements.closing),
        )
    }
    symbol = money.format_rupees(0, locale=locale, currency=statement.currency).rstrip("0")
    since, until = words.long_date(movements.since, locale), words.long_date(movements.until, locale)
    zone_name, made_at = zone.at(statement.made_at), words.long_instant(statement.made_at, zone, locale)
    values = {
        **in_currency,
        "lang": spoken,
        "words": _words(statement, symbol=symbol, since=since, until=until, zone=zone_name, made_at=made_at),
        "saver": _breakable(statement.saver_name),
        "jar": _breakable(statement.jar_name),
        "since": since,
        "until": until,
        "count": len(movements.lines),
        "opening_figure": _figure(movements.opening, statement.currency),
        "closing_figure": _figure(movements.closing, statement.currency),
        "lines": [
            {
                "date": words.long_date(line.day, locale),
                "time": words.local_time(line, zone),
                "kind": in_language(words.kind(line, locale)),
                "note": _breakable(line.note or ""),
                "in": _figure(line.effect, statement.currency) if line.effect > 0 else "",
                "out": _figure(-line.effect, statement.currency) if line.effect < 0 else "",
                "balance": _figure(line.balance, statement.currency),
            }
            for line in movements.lines
        ],
    }
    return pdf.typeset("statement", values, made_at=statement.made_at)


def _words(statement: JarStatement, *, symbol: str, since: str, until: str, zone: str, made_at: str) -> dict[str, str]:
    """All that the paper says of itself. ``{page}`` and ``{pages}`` are left to the typesetter."""
    jar = _breakable(statement.jar_name)
    period = gettext("%(since)s to %(until)s", since=since, until=until)
    return {
        "brand": gettext("Chhota"),
        "pot": gettext("A clay pot"),
        "title": gettext("Chhota: statement of %(jar)s, %(period)s", jar=jar, period=period),
        "running": gettext("Chhota · statement · %(jar)s · %(period)s", jar=jar, period=period),
        "page_of": gettext("Page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
        "heading": gettext("Statement"),
        "period": period,
        "opening": in_language(words.OPENING),
        "closing": in_language(words.CLOSING),
        "in": gettext("In"),
        "out": gettext("Out"),
        "movements": gettext("Movements"),
        "date_and_time": gettext("Date and time"),
        "movement": gettext("Movement"),
        "in_symbol": gettext("In, %(symbol)s", symbol=symbol),
        "out_symbol": gettext("Out, %(symbol)s", symbol=symbol),
        "balance_symbol": gettext("Balance, %(symbol)s", symbol=symbol),
        "nothing": gettext("Nothing moved in this jar in these days."),
        "note": gettext(
            "This is what moved in this jar from %(since)s to %(until)s, both days included, by Chhota's ledger."
            " Opening balance and In, less Out, make the closing balance. A movement that was taken back stays, and its"
            " reversal stands on a line of its own. Dates and times are those of %(zone)s. Made by Chhota on"
            " %(made_at)s; it needs no signature.",
            since=since,
            until=until,
            zone=zone,
            made_at=made_at,
        ),
    }


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
