"""What moved, newest first, in keyset pages that stay put while rows are added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.errors import NotFound
from app.transactions import fetch


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One movement as its saver sees it. Amounts in minor units; ``status`` is ``posted`` or ``reversed``."""

    id: UUID
    jar_id: UUID
    type: str
    amount: int
    date: date
    occurred_at: datetime
    balance_after: int
    note: str | None
    reversal_of: UUID | None
    status: str
    jar_name: str
    signed: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which movements: of one jar or all, of one type or all, of local days ``since`` to ``until`` inclusive."""

    jar_id: UUID | None = None
    type: str | None = None
    since: date | None = None
    until: date | None = None


def page(
    saver_id: UUID, which: Filter, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[list[HistoryRow], tuple[datetime, UUID] | None]:
    """Up to ``limit`` movements and where the next page begins. Raises NotFound for a jar that is not the saver's."""
    conditions, values = ["t.user_id = %(saver)s"], {"saver": saver_id, "limit": limit + 1}
    if which.jar_id is not None:
        if not fetch("SELECT 1 FROM savings_jars WHERE id = %s AND user_id = %s", (which.jar_id, saver_id)):
            raise NotFound("You have no such jar.")
        conditions = ["t.jar_id = %(jar)s", "t.user_id = %(saver)s"]
    if after is not None:
        conditions.append("(t.occurred_at, t.id) < (%(after)s, %(after_id)s)")
    if which.type is not None:
        conditions.append("t.type = %(type)s")
    if which.since is not None:
        conditions.append("t.date >= %(since)s")
    if which.until is not None:
        conditions.append("t.date <= %(until)s")
    values |= {
        "jar": which.jar_id,
        "type": which.type,
        "since": which.since,
        "until": which.until,
        "after": after and after[0],
        "after_id": after and after[1],
    }
    rows = fetch(
        "SELECT t.id, t.jar_id, t.type, t.amount, t.date, t.occurred_at, t.balance_after, n.note, t.reversal_of,"  # noqa: S608
        " CASE WHEN r.id IS NULL THEN 'posted' ELSE 'reversed' END, j.name, coalesce(p.amount, 0)"
        " FROM transactions t JOIN savings_jars j ON j.id = t.jar_id"
        " JOIN ledger_accounts a ON a.jar_id = t.jar_id"
        " LEFT JOIN postings p ON p.transaction_id = t.id AND p.account_id = a.id"
        " LEFT JOIN transaction_notes n ON n.transaction_id = t.id"
        " LEFT JOIN transactions r ON r.reversal_of = t.id"
        f" WHERE {' AND '.join(conditions)} ORDER BY t.occurred_at DESC, t.id DESC LIMIT %(limit)s",
        values,
    )
    shown = [HistoryRow(*row) for row in rows[:limit]]
    last = shown[-1] if len(rows) > limit else None
    return shown, (last.occurred_at, last.id) if last else None
