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

__all__ = ["PAPERS", "Paper", "waiting"]

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


def _masked(id_: UUID, user_id: UUID, name: str, *rest: Any) -> Paper:
    return Paper(id_, user_id, masks.name(name), *rest)
