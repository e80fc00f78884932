"""Taking a movement back: what it would do, what waits for a second member of staff, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from flask import current_app

from app.errors import NotFound
from app.models.console import REVERSAL_STATES
from app.services.audit import log as audit
from app.services.identity.principal import Principal
from app.services.ops.console import audit_log
from app.services.ops.console.listing import Asked, Page, Source, both_ways, page
from app.services.ops.reversals import REVERSIBLE, is_large
from app.transactions import fetch

__all__ = ["REVERSAL_STATES", "Foreseen", "Request", "foresee", "listed", "read", "story"]

SOURCE: Final = Source(
    id="q.id",
    found="FROM reversal_requests q",
    columns="q.id, q.requested_at, q.status, q.why, q.reason, q.transaction_id, t.type, t.amount, t.user_id,"
    " q.requested_by, a.name, q.decided_by, d.name, q.decided_at, q.reversal_id",
    read="FROM k JOIN reversal_requests q ON q.id = k.id JOIN transactions t ON t.id = q.transaction_id"
    " JOIN users a ON a.id = q.requested_by LEFT JOIN users d ON d.id = q.decided_by",
    filters={
        "id": "q.id = %(id)s",
        "status": "q.status = %(status)s",
        "transaction": "q.transaction_id = %(transaction)s",
    },
    orders=both_ways("requested_at", ("q.requested_at", "q.id"), (datetime, UUID)),
)
FORESEEN: Final = """
SELECT t.id, t.user_id, t.type, t.amount, t.occurred_at, t.jar_id, j.name, coalesce(a.balance, 0),
    coalesce((SELECT sum(p.amount) FROM postings p WHERE p.transaction_id = t.id AND p.account_id = a.id), 0)::bigint,
    (SELECT r.id FROM transactions r WHERE r.reversal_of = t.id),
    (SELECT q.id FROM reversal_requests q WHERE q.transaction_id = t.id AND q.status = 'waiting')
FROM transactions t LEFT JOIN savings_jars j ON j.id = t.jar_id LEFT JOIN ledger_accounts a ON a.jar_id = t.jar_id
WHERE t.id = %s
"""
Obstacle = Literal["own_movement", "not_reversible", "already_reversed", "reversal_waits"]


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


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What taking a movement back would do as things stand now. Amounts in minor units.

    ``holds``: what is in the jar. ``put``: what the movement put into it, below zero where it took out. ``limit``:
    above it a second member of staff decides. ``reversed_by``, ``waits``: the movement that took it back already, the
    request that waits.
    """

    transaction_id: UUID
    user_id: UUID
    type: str
    amount: int
    occurred_at: datetime
    jar_id: UUID | None
    jar_name: str | None
    holds: int
    put: int
    reversed_by: UUID | None
    waits: UUID | None
    limit: int

    @property
    def after(self) -> int:
        """What the jar would hold."""
        return max(0, self.holds - self.put)

    @property
    def taken(self) -> int:
        """What would leave the jar; nothing where the movement is given back to it."""
        return max(0, min(self.put, self.holds))

    @property
    def owed(self) -> int:
        """What would stand as owed by the saver."""
        return max(0, self.put - self.holds)

    @property
    def why_two(self) -> Literal["limit", "owed"] | None:
        """Why a second member of staff would have to agree, as a request says it; None where one does it alone."""
        return "limit" if is_large(self.amount) else "owed" if self.owed else None

    def obstacle(self, by: UUID) -> Obstacle | None:
        """Why ``by`` cannot ask for it, as the refusals of reversal_requests name it."""
        if self.user_id == by:
            return "own_movement"
        if self.type not in REVERSIBLE:
            return "not_reversible"
        if self.reversed_by is not None:
            return "already_reversed"
        return "reversal_waits" if self.waits is not None else None


def listed(asked: Asked) -> Page[Request]:
    """A page of requests. Filters: status, transaction. Orders: requested_at, -requested_at."""
    return page(SOURCE, Request, asked)


def read(request_id: UUID, *, by: Principal, at: datetime) -> Request:
    """One request; that ``by`` looked at whose movement it is stands in the audit log. Raises NotFound."""
    found = page(SOURCE, Request, Asked({"id": request_id}, "-requested_at", limit=1)).rows
    if not found:
        raise NotFound("There is no such request.")
    audit.looked_at(by.id, by.role, "user", found[0].user_id, what="reversal_request", at=at)
    return found[0]


def foresee(transaction_id: UUID) -> Foreseen:
    """What taking that movement back would do. Raises NotFound."""
    rows = fetch(FORESEEN, (transaction_id,))
    if not rows:
        raise NotFound("There is no such movement.")
    return Foreseen(*(*rows[0], current_app.config["REVERSAL_ALONE_LIMIT_MINOR"]))


def story(transaction_id: UUID) -> list[audit_log.Entry]:
    """What was done about a movement and by whom, as the audit log tells it: the newest fifty, the oldest first."""
    about = {"subject_type": "transaction", "subject": str(transaction_id)}
    return audit_log.listed(Asked(about, "-at")).rows[::-1]
