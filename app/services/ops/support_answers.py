"""What staff do with savers' requests: see which wait, read one, answer it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.errors import DomainError, Invalid, NotFound
from app.services.audit import log as audit
from app.services.notifications.notices import tell
from app.services.ops.check import Check
from app.services.ops.support_requests import COLUMNS, SupportRequest, from_row
from app.transactions import fetch, queue

LONGEST_ANSWER = 4_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the list: nothing personal."""

    reference: str
    about: str | None
    status: str
    created_at: datetime
    answer_by: date
    told: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """A request with what staff see of it. ``shown``: what the saver saw of what it is about.

    ``first_answer``, ``answered_before_by`` and ``before``: of the request that this one asks about again.
    ``answered_by``: the name of the member of staff.
    """

    request: SupportRequest
    user_id: UUID
    shown: dict[str, Any] | None
    answered_before_by: UUID | None
    first_answer: str | None
    before: UUID | None
    answered_by: str | None


def listed(*, answered: bool = False, most: int = 200) -> list[Waiting]:
    """Requests in the order in which answers are due; the answered ones, newest first, where ``answered``."""
    return [
        Waiting(*row)
        for row in fetch(
            "SELECT reference, about_kind, status, created_at, answer_by, told_at IS NOT NULL FROM support_requests"  # noqa: S608
            f" WHERE status = %s ORDER BY {'answered_at DESC' if answered else 'answer_by, id'} LIMIT %s",
            ("answered" if answered else "open", most),
        )
    ]


def standing(ask: Callable[..., Any], now: datetime) -> Check:
    """What the doctor says of them. ``ask`` gives the first row of a query."""
    open_, late = ask(
        "SELECT count(*), count(*) FILTER (WHERE answer_by < %s) FROM support_requests WHERE status = 'open'",
        now.date(),
    )
    if late:
        return Check(
            "requests", "problem", f"{late} of savers' requests should have been answered by now",
            "See `flask support list`.",
        )  # fmt: skip
    return Check("requests", "ok", f"{open_} of savers' requests wait for an answer")


def show(reference: str | UUID, *, at: datetime, by: UUID | None = None) -> Whole:
    """One request with all that belongs to it; that it was looked at goes into the audit log. Raises NotFound.

    ``reference``: or its id. ``by``: the member of staff who looks; None for an operator at the command line.
    """
    found = _named(reference)
    actor = "operator" if by is None else "staff"
    audit.record(
        "support_request_read",
        subject_type="support_request",
        subject_id=found.request.id,
        at=at,
        actor_id=by,
        actor=actor,
    )
    audit.looked_at(by, actor, "user", found.user_id, what="support_request", at=at)
    return found


def answer(reference: str | UUID, text: str, *, by: UUID, at: datetime) -> SupportRequest:
    """Answer it, and tell the saver. ``reference``: or its id. ``by``: a member of staff.

    Raises NotFound, Invalid, DomainError ``already_answered``, ``own_request``, and ``same_person`` where the saver was
    not content with an answer that the same person gave.
    """
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_ANSWER:
        raise Invalid({"text": [f"Give 1 to {LONGEST_ANSWER} characters."]})
    found = _named(reference, lock=True)
    asked = found.request
    if found.user_id == by:
        raise DomainError("own_request", "Nobody answers their own request: another member of staff does.")
    if asked.appeal_of is not None and found.answered_before_by == by:
        raise DomainError(
            "same_person", "Whoever gave the first answer does not judge it. Somebody else of the staff answers this."
        )
    if asked.status == "answered":
        raise DomainError("already_answered", f"{asked.reference} has been answered already. Nothing was changed.")
    queue(
        "UPDATE support_requests SET status = 'answered', answer = %s, answered_at = %s, answered_by = %s"
        " WHERE id = %s",
        (text, at, by, asked.id),
    )
    facts = {"reference": asked.reference, "request_id": str(asked.id)}
    tell(found.user_id, "support_answered", facts, at=at, once=f"support:{asked.id}")
    audit.record(
        "support_answered", subject_type="support_request", subject_id=asked.id, at=at, actor_id=by, actor="staff"
    )
    return asked


def _named(reference: str | UUID, *, lock: bool = False) -> Whole:
    by_id = isinstance(reference, UUID)
    rows = fetch(
        f"SELECT {COLUMNS}, s.user_id, s.shown, b.answered_by, b.answer, b.id, a.name FROM support_requests s"  # noqa: S608
        " LEFT JOIN support_requests b ON b.id = s.appeal_of LEFT JOIN users a ON a.id = s.answered_by"
        f" WHERE s.{'id' if by_id else 'reference'} = %s{' FOR NO KEY UPDATE OF s' if lock else ''}",
        (reference if isinstance(reference, UUID) else reference.strip().upper(),),
    )
    if not rows:
        raise NotFound(f"There is no request {reference}.")
    *asked, user_id, shown, before_by, first_answer, before, answered_by = rows[0]
    return Whole(from_row(asked), user_id, shown, before_by, first_answer, before, answered_by)
