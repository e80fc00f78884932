"""Identity papers that wait for staff, the oldest first; identity/kyc/review.py opens and decides them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.models.uploads import PAPERS
from app.services.identity.kyc.review import KNOWN_ELSEWHERE
from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Order, Page, Source, page
from app.transactions import fetch

__all__ = ["PAPERS", "Paper", "Past", "next_one", "of", "waiting"]

SOURCE: Final = Source(
    id="d.id",
    found="FROM kyc_documents d",
    columns=f"d.id, d.user_id, u.name, d.document_type, d.status, d.uploaded_at, d.proposed_status, d.proposed_reason,"
    f" d.proposed_by, {KNOWN_ELSEWHERE}",
    read="FROM k JOIN kyc_documents d ON d.id = k.id JOIN users u ON u.id = d.user_id",
    filters={
        "waiting": "(d.status = 'pending' OR d.proposed_status IS NOT NULL)",
        "document_type": "d.document_type = %(document_type)s",
        "proposed": "d.proposed_status IS NOT NULL",
    },
    orders={"uploaded_at": Order(("d.uploaded_at", "d.id"), (datetime, UUID))},
)
# Every paper that a saver sent, the newest first: those that made way for others too.
OF: Final = """
SELECT d.id, d.document_type, d.status, d.reason, d.number_masked, d.uploaded_at, d.decided_at, b.name,
    d.proposed_status, d.proposed_reason, d.decisions, d.file_id IS NOT NULL
FROM kyc_documents d LEFT JOIN users b ON b.id = d.decided_by
WHERE d.user_id = %s ORDER BY d.id DESC LIMIT 100
"""
# Nobody is led to their own, nor to what they have said their word about.
NEXT: Final = """
SELECT d.id FROM kyc_documents d
WHERE (d.status = 'pending' OR d.proposed_status IS NOT NULL) AND d.user_id <> %(by)s
    AND d.proposed_by IS DISTINCT FROM %(by)s {behind}
ORDER BY d.uploaded_at, d.id LIMIT 1
"""
BEHIND: Final = "AND (d.uploaded_at, d.id) > (SELECT o.uploaded_at, o.id FROM kyc_documents o WHERE o.id = %(after)s)"


@dataclass(frozen=True, slots=True)
class Paper:
    """A line of the queue; the saver's name is masked. ``proposed``: what one member of staff said, where two must."""

    id: UUID
    user_id: UUID
    name: str
    document_type: str
    status: str
    uploaded_at: datetime
    proposed: str | None
    proposed_reason: str | None
    proposed_by: UUID | None
    accounts_with_the_number: int


def waiting(asked: Asked) -> Page[Paper]:
    """A page of the queue (``uploaded_at``). Filters: document_type, proposed (a second word is needed)."""
    filters = {"waiting": True, **asked.filters}
    return page(SOURCE, _masked, replace(asked, filters=filters, order="uploaded_at"))


@dataclass(frozen=True, slots=True)
class Past:
    """One paper of an account's page. ``decided_by``: the name of the member of staff. ``kept``: its file is there."""

    id: UUID
    document_type: str
    status: str
    reason: str | None
    number_masked: str | None
    uploaded_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    proposed: str | None
    proposed_reason: str | None
    decisions: int
    kept: bool


def of(user_id: UUID) -> list[Past]:
    """Every paper that a saver sent, the newest first; a hundred at most."""
    return [Past(*row) for row in fetch(OF, (user_id,))]


def next_one(by: UUID, *, after: UUID | None = None) -> UUID | None:
    """The paper that has waited longest for ``by``, or behind ``after`` in the queue; None where nothing does."""
    rows = fetch(NEXT.format(behind=BEHIND if after else ""), {"by": by, "after": after})
    return rows[0][0] if rows else None


def _masked(id_: UUID, user_id: UUID, name: str, *rest: Any) -> Paper:
    return Paper(id_, user_id, masks.name(name), *rest)
