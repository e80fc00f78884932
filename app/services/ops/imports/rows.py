"""One line of a file: a movement that may be booked, or a refusal that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from app import money
from app.ledger.accounts import CREDITS
from app.services.ops.imports.mapping import ColumnMapping
from app.services.ops.imports.reading import LONGEST_LINE, Line, fields_of
from app.services.ops.imports.schema import LONGEST_ACCOUNT
from app.services.ops.imports.times import instants

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
KEPT_TEXT = 500
_RULES_KEPT = 4096
SENTENCES = {
    "blank_line": "This line is blank.",
    "line_too_long": f"This line has {LONGEST_LINE} characters or more.",
    "unreadable_text": "This line has bytes that are not of the file's encoding.",
    "unreadable_row": "A quotation mark is not closed, or stands in the middle of a field.",
    "wrong_column_count": "The header names {} columns; here are {}.",
    "unreadable_account": f"The account is blank, has characters that cannot be shown, or more than {LONGEST_ACCOUNT}.",
    "unreadable_date": "{!r} is not a time in the form that was given.",
    "date_out_of_range": "{} lies before 1900 or in the future.",
    "unknown_type": "No rule says what type of movement this is.",
    "unreadable_amount": "{!r} is not an amount of money. {}",
    "zero_amount": "The amount is zero.",
    "negative_amount": "{} is below zero, which a {} cannot be.",
    "positive_amount": "{} is above zero, which a {} cannot be in this file.",
    "unreadable_balance": "{!r} is not an amount of money. {}",
    "insufficient_funds": "The account holds {}, which is less than {}. What follows is booked without this row.",
    "saver_exists": "Somebody has the address {} already, as after another import of this account.",
}


@dataclass(slots=True)
class Row:
    """One movement of the file. ``amount`` > 0 and ``balance`` in minor units of the installation's currency.

    ``day`` is the local date of ``at`` in the mapping's zone; ``balance`` is the file's own figure after the movement.
    """

    line: Line
    account: str
    kind: str
    amount: int
    at: datetime
    day: date
    balance: int | None

    @property
    def signed(self) -> int:
        """What the movement does to the balance."""
        return self.amount if self.kind in CREDITS else -self.amount


@dataclass(slots=True)
class Refused:
    """One line that is not booked. ``code`` is stable; ``detail`` is a sentence for whoever mends the file."""

    line: Line
    code: str
    detail: str


def refused(line: Line, code: str, *facts: object) -> Refused:
    """A refusal with the sentence of its code."""
    return Refused(line, code, SENTENCES[code].format(*facts))


class RowReader:
    """Reads lines of one file by its header. ``latest`` is the last instant that is not in the future."""

    def __init__(self, mapping: ColumnMapping, header: Sequence[str], *, currency: str, latest: datetime) -> None:
        column = {name: index for index, name in reversed(list(enumerate(header)))}
        self._mapping = mapping
        self._latest = latest
        self._columns = len(header)
        self._account = column[mapping.account]
        self._time = column[mapping.time]
        self._amount = column.get(mapping.amount or "")
        self._credit = column.get(mapping.credit or "")
        self._debit = column.get(mapping.debit or "")
        self._balance = column[mapping.balance] if mapping.balance else None
        self._scale = 10 ** (money.exponent(currency) - money.exponent(mapping.currency))
        self._instant = instants(mapping.formats, mapping.zone)
        self._ruled_by = [column[name] for name in dict.fromkeys(c for rule in mapping.rules for c, _ in rule.when)]
        self._rules = [
            (rule.type, rule.sign, [(column[name], frozenset(values)) for name, values in rule.when])
            for rule in mapping.rules
        ]
        self._known: dict[tuple[str, ...], list[tuple[str, str]]] = {}

    def read(self, line: Line) -> Row | Refused:
        """What the line says."""
        text = line.text
        if len(text) >= LONGEST_LINE and not text.endswith("\n"):
            return refused(line, "line_too_long")
        if text.isspace():
            return refused(line, "blank_line")
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            return refused(line, "unreadable_text")
        fields = fields_of(text, self._mapping.delimiter)
        if fields is None:
            return refused(line, "unreadable_row")
        if len(fields) != self._columns:
            return refused(line, "wrong_column_count", self._columns, len(fields))
        account = fields[self._account].strip()
        if not account or len(account) > LONGEST_ACCOUNT or not account.isprintable():
            return refused(line, "unreadable_account")
        written = fields[self._time].strip()
        try:
            at, day = self._instant(written)
        except (ValueError, OverflowError):
            return refused(line, "unreadable_date", _short(written))
        if not EARLIEST <= at <= self._latest:
            return refused(line, "date_out_of_range", written)
        try:
            written, signed = self._signed(fields)
        except ValueError as error:
            return refused(line, "unreadable_amount", _short(str(error.args[0])), error.args[1])
        rules = self._matching(fields)
        if not rules:
            return refused(line, "unknown_type")
        if not signed:
            return refused(line, "zero_amount")
        sign = "positive" if signed > 0 else "negative"
        kind = next((kind for kind, wanted in rules if wanted in (sign, "any")), None)
        if kind is None:
            return refused(line, f"{sign}_amount", written, rules[0][0])
        balance = None
        if self._balance is not None and (written := fields[self._balance].strip()):
            try:
                balance = self._minor(written)
            except ValueError as error:
                return refused(line, "unreadable_balance", _short(written), error)
        return Row(line, account, kind, abs(signed), at, day, balance)

    def _signed(self, fields: Sequence[str]) -> tuple[str, int]:
        """The amount as written and in signed minor units. ValueError with what was written and a sentence."""
        if self._amount is not None:
            written, direction = fields[self._amount].strip(), 1
        else:
            # The mapping names one amount or both of these.
            assert self._credit is not None
            assert self._debit is not None
            credit, debit = fields[self._credit].strip(), fields[self._debit].strip()
            if credit and debit:
                raise ValueError(f"{credit} and {debit}", "Only one of credit and debit may be filled.")
            written, direction = (credit, 1) if credit else (debit, -1)
        try:
            return written, direction * self._minor(written)
        except ValueError as error:
            raise ValueError(written, str(error)) from error

    def _minor(self, written: str) -> int:
        mapping = self._mapping
        if mapping.thousands:
            written = written.replace(mapping.thousands, "")
        if mapping.decimal != ".":
            if "." in written:
                raise ValueError("This is not an amount.")
            written = written.replace(mapping.decimal, ".")
        minor = money.parse_amount(written, mapping.currency) * self._scale
        if abs(minor) > money.LARGEST_MINOR:
            raise ValueError("This amount is too large.")
        return minor

    def _matching(self, fields: Sequence[str]) -> list[tuple[str, str]]:
        """Types and signs of the rules that the columns match, in their order."""
        key = tuple([fields[index].strip() for index in self._ruled_by])
        found = self._known.get(key)
        if found is None:
            found = [
                (kind, sign)
                for kind, sign, when in self._rules
                if all(fields[index].strip() in values for index, values in when)
            ]
            if len(self._known) < _RULES_KEPT:
                self._known[key] = found
        return found


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
