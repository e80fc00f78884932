"""Movements as a list, and one with the postings behind it. Nothing here changes any."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.errors import NotFound
from app.models.ledger import TRANSACTION_TYPES
from app.services.audit import log as audit
from app.services.identity.principal import Principal
from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Page, Source, both_ways, page
from app.transactions import fetch

__all__ = ["TRANSACTION_TYPES", "Line", "Movement", "Whole", "listed", "read"]

SOURCE: Final = Source(
    id="t.id",
    found="FROM transactions t",
    columns="t.id, u.name, t.occurred_at, t.type, t.amount, t.balance_after, t.user_id, t.jar_id, t.reversal_of, r.id",
    read="FROM k JOIN transactions t ON t.id = k.id JOIN users u ON u.id = t.user_id"
    " LEFT JOIN transactions r ON r.reversal_of = t.id",
    filters={
        "user": "t.user_id = %(user)s",
        "jar": "t.jar_id = %(jar)s",
        "type": "t.type = %(type)s",
        "at_least": "t.amount >= %(at_least)s",
        "at_most": "t.amount <= %(at_most)s",
        "since": "t.occurred_at >= %(since)s",
        "before": "t.occurred_at < %(before)s",
    },
    orders=both_ways("occurred_at", ("t.occurred_at", "t.id"), (datetime, UUID)),
)
WHOLE: Final = """
SELECT t.id, u.name, t.occurred_at, t.type, t.amount, t.balance_after, t.user_id, t.jar_id, t.reversal_of, r.id,
    t.recorded_at, t.date, j.name, n.transaction_id IS NOT NULL
FROM transactions t JOIN users u ON u.id = t.user_id LEFT JOIN transactions r ON r.reversal_of = t.id
    LEFT JOIN savings_jars j ON j.id = t.jar_id LEFT JOIN transaction_notes n ON n.transaction_id = t.id
WHERE t.id = %s
"""
POSTINGS: Final = """
SELECT p.line, p.account_id, a.kind, p.amount, p.seq, p.balance_after, encode(p.hash, 'hex')
FROM postings p JOIN ledger_accounts a ON a.id = p.account_id WHERE p.transaction_id = %s ORDER BY p.line
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of the list. Amounts in minor units. ``reversed_by``: the movement that takes it back. ``name``: its
    saver's, masked.
    """

    id: UUID
    name: str
    occurred_at: datetime
    type: str
    amount: int
    balance_after: int
    user_id: UUID
    jar_id: UUID | None
    reversal_of: UUID | None
    reversed_by: UUID | None


@dataclass(frozen=True, slots=True)
class Line:
    """One posting, in minor units. ``seq``, ``balance_after`` and ``hash`` where the account is chained."""

    line: int
    account_id: UUID
    kind: str
    amount: int
    seq: int | None
    balance_after: int | None
    hash: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A movement with its postings. ``day``: the saver's local day. ``noted``: the saver wrote something beside it."""

    movement: Movement
    recorded_at: datetime
    day: date
    jar_name: str | None
    noted: bool
    lines: list[Line]


def listed(asked: Asked) -> Page[Movement]:
    """A page of movements. Filters: user, jar, type, at_least, at_most (minor units), since, before (instants)."""
    return page(SOURCE, _masked, asked)


def read(transaction_id: UUID, *, by: Principal, at: datetime) -> Whole:
    """One movement; that ``by`` looked is in the audit log with the same commit. Raises NotFound."""
    rows = fetch(WHOLE, (transaction_id,))
    if not rows:
        raise NotFound("There is no movement of that id.")
    *values, recorded_at, day, jar_name, noted = rows[0]
    movement = _masked(*values)
    lines = [Line(*row) for row in fetch(POSTINGS, (movement.id,))]
    audit.looked_at(by.id, by.role, "user", movement.user_id, what="transaction", at=at)
    return Whole(movement, recorded_at, day, jar_name, noted, lines)


def _masked(id_: UUID, name: str, *rest: Any) -> Movement:
    return Movement(id_, masks.name(name), *rest)
