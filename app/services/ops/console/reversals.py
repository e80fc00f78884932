"""Reversals that were asked for: those that wait for a second member of staff, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.models.console import REVERSAL_STATES
from app.services.ops.console.listing import Asked, Page, Source, both_ways, page

__all__ = ["REVERSAL_STATES", "Request", "listed"]

SOURCE: Final = Source(
    id="q.id",
    found="FROM reversal_requests q",
    columns="q.id, q.requested_at, q.status, q.why, q.reason, q.transaction_id, t.type, t.amount, t.user_id,"
    " q.requested_by, a.name, q.decided_by, d.name, q.decided_at, q.reversal_id",
    read="FROM k JOIN reversal_requests q ON q.id = k.id JOIN transactions t ON t.id = q.transaction_id"
    " JOIN users a ON a.id = q.requested_by LEFT JOIN users d ON d.id = q.decided_by",
    filters={"status": "q.status = %(status)s", "transaction": "q.transaction_id = %(transaction)s"},
    orders=both_ways("requested_at", ("q.requested_at", "q.id"), (datetime, UUID)),
)


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the list, with the movement it is about (minor units) and the names of the staff who asked and decided.

    ``why``: ``limit`` or ``owed``, for which two are needed.
    """

    id: UUID
    requested_at: datetime
    status: str
    why: str
    reason: str
    transaction_id: UUID
    type: str
    amount: int
    user_id: UUID
    requested_by: UUID
    asked_by: str
    decided_by_id: UUID | None
    decided_by: str | None
    decided_at: datetime | None
    reversal_id: UUID | None


def listed(asked: Asked) -> Page[Request]:
    """A page of requests. Filters: status, transaction. Orders: requested_at, -requested_at."""
    return page(SOURCE, Request, asked)
