"""What savers ask: requests with the day by which each is answered; those about something of theirs are disputes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Order, Page, Source, page
from app.services.ops.support_requests import ABOUT

__all__ = ["ABOUT", "Request", "listed"]

SOURCE: Final = Source(
    id="s.id",
    found="FROM support_requests s",
    columns="s.id, s.reference, s.user_id, u.name, s.about_kind, s.about_id, s.status, s.created_at, s.answer_by,"
    " s.answered_at, a.name, s.appeal_of IS NOT NULL, s.status = 'open' AND s.answer_by < %(day)s",
    read="FROM k JOIN support_requests s ON s.id = k.id JOIN users u ON u.id = s.user_id"
    " LEFT JOIN users a ON a.id = s.answered_by",
    filters={
        "status": "s.status = %(status)s",
        "user": "s.user_id = %(user)s",
        "about": "s.about_kind = %(about)s",
        "disputes": "s.about_kind IS NOT NULL",
        "again": "s.appeal_of IS NOT NULL",
        "late": "s.answer_by < %(day)s",
    },
    orders={
        "answer_by": Order(("s.answer_by", "s.id"), (str, UUID)),
        "-answered_at": Order(("s.answered_at", "s.id"), (datetime, UUID), descending=True),
        "-created_at": Order(("s.created_at", "s.id"), (datetime, UUID), descending=True),
    },
)


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the list: nothing that the saver wrote, and a name that is masked. ``again``: about an answer that was
    not enough. ``late``: it should have been answered by now."""

    id: UUID
    reference: str
    user_id: UUID
    name: str
    about: str | None
    about_id: UUID | None
    status: str
    created_at: datetime
    answer_by: date
    answered_at: datetime | None
    answered_by: str | None
    again: bool
    late: bool

    @property
    def due(self) -> str:
        """``overdue`` beside the two states."""
        return "overdue" if self.late else self.status

    @property
    def asked_again(self) -> str | None:
        """The word for one that is about an answer."""
        return "asked again" if self.again else None


def listed(status: Literal["open", "answered"], asked: Asked, *, day: date) -> Page[Request]:
    """A page of open requests, the first to be answered first, or of answered ones, the newest first.

    Filters: user, about (a word of ABOUT), disputes (about anything), again, late. ``day``: today.
    """
    order = "answer_by" if status == "open" else "-answered_at"
    filters = {**asked.filters, "status": status}
    if "about" in filters:
        filters["disputes"] = True
    return page(SOURCE, _masked, replace(asked, filters=filters, order=order), {"day": day})


def of(user_id: UUID, asked: Asked, *, day: date) -> Page[Request]:
    """A page of one saver's requests, the newest first (``-created_at``)."""
    return page(SOURCE, _masked, replace(asked, filters={"user": user_id}, order="-created_at"), {"day": day})


def _masked(id_: UUID, reference: str, user_id: UUID, name: str, *rest: Any) -> Request:
    return Request(id_, reference, user_id, masks.name(name), *rest)
