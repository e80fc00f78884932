"""Accounts and movements as the API gives them to staff: whole, and each look noted with whose they were.

The console's own lists (users.py, transactions.py) mask who somebody is; what is found and in what order is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from app.models.identity import KYC_STATES
from app.services.audit import log as audit
from app.services.identity.principal import Principal
from app.services.ops.console import transactions, users
from app.services.ops.console.listing import Asked, Order, Page, page

__all__ = ["KYC_STATES", "Movement", "Person", "accounts", "movements"]

PEOPLE: Final = replace(
    users.SOURCE,
    columns="u.id, u.name, u.email, u.phone, u.email_verified_at IS NOT NULL, u.phone_verified_at IS NOT NULL, u.role,"
    " u.status, u.kyc_status, CASE WHEN u.time_zone_from <= %(at)s THEN u.time_zone_next ELSE u.time_zone END,"
    " u.language, u.created_at",
    read="FROM k JOIN users u ON u.id = k.id",
)
# A local day lies within fourteen hours of its day in UTC: so far the index goes, the saver's own day decides.
MOVEMENTS: Final = replace(
    transactions.SOURCE,
    columns="t.id, t.user_id, t.jar_id, t.type, t.amount, t.date, t.occurred_at, t.balance_after, n.note,"
    " t.reversal_of, CASE WHEN r.id IS NULL THEN 'posted' ELSE 'reversed' END",
    read=f"{transactions.SOURCE.read} LEFT JOIN transaction_notes n ON n.transaction_id = t.id",
    filters={
        **transactions.SOURCE.filters,
        "first": "t.date >= %(first)s AND t.occurred_at >= %(first)s::date - interval '14 hours'",
        "last": "t.date <= %(last)s AND t.occurred_at < %(last)s::date + interval '38 hours'",
    },
)
NEWEST_ACCOUNT, NEWEST_MOVEMENT = "-created_at", "-occurred_at"


@dataclass(frozen=True, slots=True)
class Person:
    """An account. ``phone``: E.164. ``time_zone``: the one in force."""

    id: UUID
    name: str
    email: str
    phone: str | None
    email_verified: bool
    phone_verified: bool
    role: str
    status: str
    kyc_status: str
    time_zone: str
    language: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement as its saver sees it, and whose it is. Amounts in minor units; ``jar_id``: None for a loan's own."""

    id: UUID
    user_id: UUID
    jar_id: UUID | None
    type: str
    amount: int
    date: date
    occurred_at: datetime
    balance_after: int
    note: str | None
    reversal_of: UUID | None
    status: str


def order_of_accounts(filters: dict[str, Any]) -> tuple[str, Order]:
    """In what order accounts come: the newest first, or those that begin with ``q``, by that."""
    name = users.order_of(filters, NEWEST_ACCOUNT)
    return name, PEOPLE.orders[name]


def accounts(asked: Asked, *, by: Principal, at: datetime) -> Page[Person]:
    """A page of accounts, with who they are; whose they were is in the audit log. Filters: q, kyc_status."""
    sought, more = users.narrowed(asked)
    found = page(PEOPLE, Person, sought, {**more, "at": at})
    users.note_search(asked, by=by, at=at)
    _note("users", [one.id for one in found.rows], by, at)
    return found


def movements(asked: Asked, *, by: Principal, at: datetime) -> Page[Movement]:
    """A page of movements, the newest first; whose they were is in the audit log.

    Filters: user, jar, type, first and last (the savers' local days, both inclusive).
    """
    found = page(MOVEMENTS, Movement, replace(asked, order=NEWEST_MOVEMENT))
    _note("transactions", sorted({one.user_id for one in found.rows}), by, at)
    return found


def _note(what: str, whose: list[UUID], by: Principal, at: datetime) -> None:
    audit.record(
        "listed", subject_type="list", subject_id=what, at=at, actor_id=by.id, actor=by.role,
        details={"users": [str(each) for each in whose]},
    )  # fmt: skip
