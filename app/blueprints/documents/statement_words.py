"""What a jar's statement says, in words and local times: the same in every form it is drawn in.

Words are sentences, English as they stand: the file for programs keeps them, the paper says them in its reader's
language.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.dates import format_date

from app.ledger.statements import StatementLine
from app.periods import SaverZone
from app.sentences import Sentence
from app.services.savings.statements import JarStatement

WORDS = {
    "deposit": Sentence("Deposit"),
    "withdraw": Sentence("Withdrawal"),
    "interest": Sentence("Interest"),
    "bonus": Sentence("Bonus"),
    "fee": Sentence("Fee"),
    "transfer_in": Sentence("Moved in from another jar"),
    "transfer_out": Sentence("Moved out to another jar"),
    "reversal": Sentence("Reversal"),
    "loan_repayment": Sentence("Paid towards the loan"),
    "loan_release": Sentence("Money of the loan"),
    "loan_refund": Sentence("Back from a cancelled loan"),
}
# The same within a sentence.
_REVERSED = {
    "deposit": Sentence("deposit"),
    "withdraw": Sentence("withdrawal"),
    "interest": Sentence("interest"),
    "bonus": Sentence("bonus"),
    "fee": Sentence("fee"),
    "transfer_in": Sentence("moved in from another jar"),
    "transfer_out": Sentence("moved out to another jar"),
}
OPENING = Sentence("Opening balance")
CLOSING = Sentence("Closing balance")
ENGLISH = "en_IN"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def kind(line: StatementLine, locale: str = ENGLISH) -> Sentence:
    """The type of a movement; a reversal says what it takes back, and whether the jar could give all of it.

    Its day is written as ``locale`` does.
    """
    if line.reverses is None:
        return WORDS[line.type]
    reversed_kind, day = line.reverses
    parts = {"movement": _REVERSED[reversed_kind], "day": long_date(day, locale)}
    if abs(line.effect) == line.amount:
        return Sentence("Reversal of %(movement)s of %(day)s", **parts)
    if line.effect:
        return Sentence("Reversal of %(movement)s of %(day)s, the rest is owed", **parts)
    return Sentence("Reversal of %(movement)s of %(day)s, all of it is owed", **parts)


def local_time(line: StatementLine, zone: SaverZone) -> str:
    """``HH:MM`` in the saver's zone, with the date there where it is not the line's own.

    A movement keeps the date that it was booked on when its saver takes another zone.
    """
    local = line.occurred_at.astimezone(ZoneInfo(zone.at(line.occurred_at)))
    return f"{local:%H:%M}" if local.date() == line.day else f"{local:%H:%M} ({local:%Y-%m-%d})"


def long_date(day: date, locale: str = ENGLISH) -> str:
    """``5 Jul 2026``, ``5 जुलाई 2026``, whatever the server's locale is."""
    if locale != ENGLISH:
        written: str = format_date(day, "d MMMM y", locale=locale)
        return written
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def long_instant(instant: datetime, zone: SaverZone, locale: str = ENGLISH) -> str:
    """``5 Jul 2026, 12:00 (Asia/Kolkata)``."""
    name = zone.at(instant)
    local = instant.astimezone(ZoneInfo(name))
    return f"{long_date(local.date(), locale)}, {local:%H:%M} ({name})"


def disposition(statement: JarStatement, extension: str) -> str:
    """A Content-Disposition (RFC 6266): a download, by an ASCII name and by one in the jar's own script."""
    period = f"{statement.movements.since}-to-{statement.movements.until}.{extension}"
    own = _slug(statement.jar_name)
    plain = _slug(unicodedata.normalize("NFKD", own).encode("ascii", "ignore").decode())
    names = ["-".join(filter(None, ("chhota-statement", name, period))) for name in (plain, own)]
    return f"attachment; filename=\"{names[0]}\"; filename*=UTF-8''{quote(names[1], safe='')}"


def _slug(text: str) -> str:
    # Letters, their marks (a Devanagari vowel is one) and digits; nothing that a path or a header could mistake.
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else "-" for c in text.lower())
    return re.sub("-+", "-", kept).strip("-")
