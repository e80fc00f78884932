"""What a jar's statement says, in words and local times: the same in every form it is drawn in."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from app.ledger.statements import StatementLine
from app.periods import SaverZone
from app.services.savings.statements import JarStatement

WORDS = {
    "deposit": "Deposit",
    "withdraw": "Withdrawal",
    "interest": "Interest",
    "bonus": "Bonus",
    "fee": "Fee",
    "transfer_in": "Moved in from another jar",
    "transfer_out": "Moved out to another jar",
    "reversal": "Reversal",
}
OPENING = "Opening balance"
CLOSING = "Closing balance"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def kind(line: StatementLine) -> str:
    """The type of a movement; a reversal says what it takes back, and whether the jar could give all of it."""
    if line.reverses is None:
        return WORDS[line.type]
    reversed_kind, day = line.reverses
    text = f"Reversal of {WORDS[reversed_kind][0].lower()}{WORDS[reversed_kind][1:]} of {long_date(day)}"
    if abs(line.effect) < line.amount:
        text += ", the rest is owed" if line.effect else ", all of it is owed"
    return text


def local_time(line: StatementLine, zone: SaverZone) -> str:
    """``HH:MM`` in the saver's zone, with the date there where it is not the line's own.

    A movement keeps the date that it was booked on when its saver takes another zone.
    """
    local = line.occurred_at.astimezone(ZoneInfo(zone.at(line.occurred_at)))
    return f"{local:%H:%M}" if local.date() == line.day else f"{local:%H:%M} ({local:%Y-%m-%d})"


def long_date(day: date) -> str:
    """``5 Jul 2026``, whatever the server's locale is."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def long_instant(instant: datetime, zone: SaverZone) -> str:
    """``5 Jul 2026, 12:00 (Asia/Kolkata)``."""
    name = zone.at(instant)
    local = instant.astimezone(ZoneInfo(name))
    return f"{long_date(local.date())}, {local:%H:%M} ({name})"


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
