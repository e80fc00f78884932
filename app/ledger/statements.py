"""What moved in a jar over some local days, between an opening and a closing balance.

The order is that of the saver's history: local date, instant, id. It need not be the order of booking: an import may
book rows out of time, and of two movements at once the later may be booked first. So balances are sums of postings in
the order that is shown, never a posting's own ``balance_after``, which belongs to the order of booking. Hence opening
plus in less out is closing for any period, and one period closes where the next opens. Where booking and time disagree,
a balance between two lines can differ from the history's, and even lie below zero; the balance after the last movement
is the jar's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.transactions import fetch

# From the jar's own postings by the index of its chain, whatever jar a transaction names; and the reversals that found
# an empty jar, which have no posting here: the saver owes all of what they took back. One statement is one snapshot.
_READ = """
WITH moved AS (
    SELECT p.transaction_id, sum(p.amount)::bigint AS effect
    FROM ledger_accounts a JOIN postings p ON p.account_id = a.id AND p.seq IS NOT NULL
    WHERE a.jar_id = %(jar)s GROUP BY p.transaction_id
), booked AS MATERIALIZED (
    SELECT t.id, t.date, t.occurred_at, t.type, t.amount, t.reversal_of, m.effect
    FROM moved m JOIN transactions t ON t.id = m.transaction_id WHERE t.date <= %(until)s
    UNION ALL
    SELECT t.id, t.date, t.occurred_at, t.type, t.amount, t.reversal_of, 0
    FROM transactions t
    WHERE t.jar_id = %(jar)s AND t.type = 'reversal' AND t.date BETWEEN %(since)s AND %(until)s
    AND NOT EXISTS (SELECT FROM moved m WHERE m.transaction_id = t.id)
), shown AS (
    SELECT b.* FROM booked b WHERE b.date >= %(since)s ORDER BY b.date, b.occurred_at, b.id LIMIT %(limit)s
)
SELECT o.opening, s.id, s.date, s.occurred_at, s.type, s.amount, s.effect, n.note, r.type, r.date
FROM (SELECT coalesce(sum(effect), 0)::bigint AS opening FROM booked WHERE date < %(since)s) o
LEFT JOIN shown s ON true
LEFT JOIN transaction_notes n ON n.transaction_id = s.id
LEFT JOIN transactions r ON r.id = s.reversal_of
ORDER BY s.date, s.occurred_at, s.id
"""


class TooManyLines(Exception):
    """The period holds more movements than was asked for."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement. ``amount`` is what it was about, ``effect`` what it did to the jar: in minor units.

    They differ in size only where a reversal took back more than the jar held. ``day`` is the saver's local date.
    ``balance`` is the jar's after this line. ``reverses`` is the type and local day of what a reversal takes back.
    """

    id: UUID
    day: date
    occurred_at: datetime
    type: str
    amount: int
    effect: int
    balance: int
    note: str | None
    reverses: tuple[str, date] | None


@dataclass(frozen=True, slots=True)
class Statement:
    """The local days ``since`` to ``until``, both inclusive. Amounts in minor units; opening + in - out = closing."""

    since: date
    until: date
    opening: int
    lines: tuple[StatementLine, ...]

    @property
    def total_in(self) -> int:
        """What came into the jar."""
        return sum(line.effect for line in self.lines if line.effect > 0)

    @property
    def total_out(self) -> int:
        """What left the jar, as a number above zero."""
        return -sum(line.effect for line in self.lines if line.effect < 0)

    @property
    def closing(self) -> int:
        """The balance after the last line."""
        return self.lines[-1].balance if self.lines else self.opening


def read(jar_id: UUID, since: date, until: date, *, most_lines: int) -> Statement:
    """The statement of a jar, from its postings as committed now. Raises TooManyLines."""
    rows = fetch(_READ, {"jar": jar_id, "since": since, "until": until, "limit": most_lines + 1})
    if len(rows) > most_lines:
        raise TooManyLines
    opening = balance = rows[0][0]
    lines = []
    for _, id_, day, occurred_at, kind, amount, effect, note, reversed_kind, reversed_day in rows:
        if id_ is None:
            break
        balance += effect
        reverses = (reversed_kind, reversed_day) if reversed_kind else None
        lines.append(StatementLine(id_, day, occurred_at, kind, amount, effect, balance, note, reverses))
    return Statement(since, until, opening, tuple(lines))
