"""The accounts as a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.models.identity import KYC_STATES, ROLES
from app.services.audit import log as audit
from app.services.identity import contacts
from app.services.identity.principal import Principal
from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Order, Page, Source, both_ways, just_after, page

__all__ = ["KYC_STATES", "ROLES", "STATES", "Account", "listed"]

STATES: Final = ("active", "suspended", "erased")
EMAIL, PHONE, NAME = "u.email_key", "u.phone", "lower(u.name)"


def _begins(column: str, name: str) -> str:
    return f"{column} ~>=~ %({name})s AND {column} ~<~ %(end)s"


SOURCE: Final = Source(
    id="u.id",
    found="FROM users u",
    columns="u.id, u.name, u.email, u.phone, u.role, u.status, u.kyc_status, u.created_at, s.jars, s.saved",
    read="FROM k JOIN users u ON u.id = k.id CROSS JOIN LATERAL (SELECT count(*) AS jars,"
    " coalesce(sum(j.current_amount), 0)::bigint AS saved FROM savings_jars j WHERE j.user_id = u.id) s",
    filters={
        "email": _begins(EMAIL, "email"),
        "phone": _begins(PHONE, "phone"),
        "name": _begins(NAME, "name"),
        "status": "u.status = %(status)s",
        "role": "u.role = %(role)s",
        "kyc_status": "u.kyc_status = %(kyc_status)s",
        "since": "u.created_at >= %(since)s",
    },
    orders={
        **both_ways("created_at", ("u.created_at", "u.id"), (datetime, UUID)),
        "email": Order((EMAIL,), (str,), by_code_points=True),
        "phone": Order((PHONE,), (str,), by_code_points=True),
        "name": Order((NAME, "u.id"), (str, UUID), by_code_points=True),
    },
)


@dataclass(frozen=True, slots=True)
class Account:
    """A line of the list: name, address and number are masked. ``saved``: minor units in all jars."""

    id: UUID
    name: str
    email: str
    phone: str | None
    role: str
    status: str
    kyc_status: str
    created_at: datetime
    jars: int
    saved: int


def order_of(filters: Mapping[str, Any], order: str) -> str:
    """In what order they come: those whose name, address or number begins with ``q``, by that."""
    return _sought(filters["q"])[0] if "q" in filters else order


def listed(asked: Asked, *, by: Principal, at: datetime) -> Page[Account]:
    """A page of accounts. Filters: ``q`` (how an address, a number or a name begins), status, role, kyc_status, since.

    That somebody looked for a person is noted in the audit log, without what was typed; and whom an address or a number
    finds alone, as in the jump box: so nobody learns whose one is without an entry that says of whom.
    """
    sought, more = narrowed(asked)
    found = page(SOURCE, _masked, sought, more)
    alone = asked.after is None and found.next is None and len(found.rows) == 1
    for column in ("email", "phone"):
        if alone and column in sought.filters:
            audit.looked_at(by.id, by.role, "user", found.rows[0].id, what=column, at=at)
    note_search(asked, by=by, at=at)
    return found


def narrowed(asked: Asked) -> tuple[Asked, dict[str, str]]:
    """What SOURCE is asked, out of what somebody asks: ``q`` by the column that it is of; and further values."""
    filters, more = dict(asked.filters), {}
    if "q" in filters:
        column, prefix = _sought(filters.pop("q"))
        filters[column], more["end"] = prefix, just_after(prefix)
    return Asked(filters, order_of(asked.filters, asked.order), asked.after, asked.limit), more


def note_search(asked: Asked, *, by: Principal, at: datetime) -> None:
    """Note a search by a beginning, without what was typed; in the transaction that reads."""
    if "q" in asked.filters:
        column, prefix = _sought(asked.filters["q"])
        audit.record(
            "searched", subject_type="users", subject_id=column, at=at, actor_id=by.id, actor=by.role,
            details={"length": len(prefix)},
        )  # fmt: skip


def _sought(text: str) -> tuple[str, str]:
    """Which column ``text`` is the beginning of, and how it is written there."""
    digits = "".join(one for one in text if one in "+0123456789")
    if "@" in text:
        return "email", contacts.email_key(text)
    if digits and digits == text.replace(" ", "").replace("-", ""):
        return "phone", digits if digits.startswith("+") else f"+91{digits}"
    return "name", " ".join(text.split()).lower()


def _masked(id_: UUID, name: str, email: str, phone: str | None, *rest: Any) -> Account:
    return Account(id_, masks.name(name), masks.email(email), masks.phone(phone), *rest)
