"""A saver asks staff to look at something: kept with what the saver saw, and with the day by which it is answered."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import uuid_utils.compat as uuids
from flask import current_app

from app.errors import DomainError, NotFound, Unavailable
from app.models.ops import ABOUT
from app.services.audit import log as audit
from app.services.credit.scoring import FEATURE_SETS
from app.services.identity.principal import Principal
from app.services.outbox.messages import enqueue
from app.transactions import fetch, on_violation, queue

__all__ = [
    "ABOUT", "About", "Officer", "SupportRequest", "ask", "ask_again", "officer", "page", "read", "what_is_shown",
]  # fmt: skip

#: Neither 0 and O nor 1, I and L: people read these over the telephone.
LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
COLUMNS: Final = (
    "s.id, s.reference, s.subject, s.text, s.about_kind, s.about_id, s.status, s.created_at, s.answer_by, s.answer,"
    " s.answered_at, s.appeal_of, s.late_told_at, (SELECT a.id FROM support_requests a WHERE a.appeal_of = s.id)"
)
SCORE_FACTS: Final = (
    "status", "score", "predicted_score", "probability", "policy_version", "model_version", "as_of", "last_updated",
    "points",
)  # fmt: skip
SCORE: Final = f"SELECT {', '.join(SCORE_FACTS)}, feature_set, features FROM credit_scores WHERE user_id = %s"  # noqa: S608
MOVEMENT_FACTS: Final = ("type", "amount", "date", "occurred_at", "recorded_at", "balance_after", "jar_id")
LOAN_FACTS: Final = (
    "status", "amount", "tenure_months", "rate", "apr", "fee", "instalment", "statement_version", "offered_at",
    "expires_at", "accepted_at", "ended_at", "cancel_reason",
)  # fmt: skip
LOAN: Final = f"SELECT {', '.join(LOAN_FACTS)} FROM loans WHERE id = %s AND user_id = %s"  # noqa: S608
MOVEMENT: Final = f"SELECT {', '.join(MOVEMENT_FACTS)} FROM transactions WHERE id = %s AND user_id = %s"  # noqa: S608

on_violation(
    "uq_support_requests_reference",
    lambda: Unavailable("This could not be taken in just now. Nothing was sent; please try again."),
)
on_violation(
    "uq_support_requests_appeal_of",
    lambda: DomainError("already_appealed", "You have asked about this answer already. Nothing was sent."),
)


@dataclass(frozen=True, slots=True)
class Officer:
    """Who answers savers, and how else to reach them."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class About:
    """What a request is about: ``score``, or the saver's ``loan`` or ``transaction`` of that id."""

    kind: str
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SupportRequest:
    """One request. ``answer_by``: the saver's local day; ``answer`` is there once ``status`` is ``answered``.

    ``appeal_of``: the request whose answer the saver was not content with; ``appeal``: the request that says so of this
    one. ``late_told_at``: when saver and officer were told that the day had passed.
    """

    id: UUID
    reference: str
    subject: str
    text: str
    about: About | None
    status: str
    created_at: datetime
    answer_by: date
    answer: str | None
    answered_at: datetime | None
    appeal_of: UUID | None = None
    late_told_at: datetime | None = None
    appeal: UUID | None = None

    @property
    def level(self) -> int:
        """1 for a question or complaint, 2 for one about its answer."""
        return 1 if self.appeal_of is None else 2

    @property
    def can_appeal(self) -> bool:
        """Whether the saver may ask once more: there is an answer, and nobody has asked again yet."""
        return self.status == "answered" and self.level == 1 and self.appeal is None


def officer() -> Officer:
    """Whom the settings name."""
    return Officer(*(current_app.config[f"GRIEVANCE_OFFICER_{part}"] for part in ("NAME", "EMAIL", "PHONE")))


def ask(saver: Principal, *, subject: str, text: str, about: About | None = None, at: datetime) -> SupportRequest:
    """Take in a request; staff hear of it once it is committed. Raises NotFound for what is not the saver's."""
    shown = None if about is None else what_is_shown(saver.id, about)
    return _take_in(saver, reference(), subject, text, about, shown, at=at)


def ask_again(saver: Principal, request_id: UUID, text: str, *, at: datetime) -> SupportRequest:
    """Take in that the saver is not content with an answer: once, and somebody else than who gave it looks at it.

    Raises NotFound, DomainError ``not_answered`` or ``already_appealed``.
    """
    rows = fetch(
        f"SELECT {COLUMNS}, s.shown FROM support_requests s WHERE s.id = %s AND s.user_id = %s FOR NO KEY UPDATE OF s",  # noqa: S608
        (request_id, saver.id),
    )
    if not rows:
        raise NotFound("You have no such request.")
    *columns, shown = rows[0]
    first = from_row(columns)
    if first.status != "answered":
        raise DomainError("not_answered", "This has not been answered yet.")
    if not first.can_appeal:
        raise DomainError("already_appealed", "You have asked about this answer already. Nothing was sent.")
    name = f"{first.reference}-2"
    return _take_in(saver, name, first.subject, text, first.about, shown, at=at, appeal_of=first.id)


def _take_in(
    saver: Principal,
    name: str,
    subject: str,
    text: str,
    about: About | None,
    shown: dict[str, Any] | None,
    *,
    at: datetime,
    appeal_of: UUID | None = None,
) -> SupportRequest:
    made = SupportRequest(
        uuids.uuid7(),
        name,
        subject,
        text,
        about,
        "open",
        at,
        saver.zone.date(at) + timedelta(days=current_app.config["SUPPORT_ANSWER_DAYS"]),
        None,
        None,
        appeal_of,
    )
    queue(
        "INSERT INTO support_requests (id, reference, user_id, subject, text, about_kind, about_id, shown, created_at,"
        " answer_by, appeal_of) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            made.id, made.reference, saver.id, subject, text, about and about.kind, about and about.id,
            None if shown is None else orjson.dumps(shown).decode(), at, made.answer_by, appeal_of,
        ),
    )  # fmt: skip
    enqueue("support.asked", {"request_id": str(made.id)}, at)
    audit.record(
        "support_requested",
        subject_type="support_request",
        subject_id=made.id,
        at=at,
        actor_id=saver.id,
        actor=saver.role,
        details={"about": about.kind if about else None, "level": made.level},
    )
    return made


def page(
    user_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[list[SupportRequest], tuple[datetime, UUID] | None]:
    """Up to ``limit`` of the saver's own requests, newest first, and where the next page begins."""
    rows = fetch(
        f"SELECT {COLUMNS} FROM support_requests s WHERE s.user_id = %s"  # noqa: S608  constants only
        f"{' AND (s.created_at, s.id) < (%s, %s)' if after else ''} ORDER BY s.created_at DESC, s.id DESC LIMIT %s",
        (user_id, *(after or ()), limit + 1),
    )
    shown = [from_row(row) for row in rows[:limit]]
    last = shown[-1] if len(rows) > limit else None
    return shown, (last.created_at, last.id) if last else None


def read(user_id: UUID, request_id: UUID) -> SupportRequest:
    """One of the saver's own requests. Raises NotFound."""
    rows = fetch(
        f"SELECT {COLUMNS} FROM support_requests s WHERE s.id = %s AND s.user_id = %s",  # noqa: S608  constants only
        (request_id, user_id),
    )
    if not rows:
        raise NotFound("You have no such request.")
    return from_row(rows[0])


def from_row(row: Any) -> SupportRequest:
    """A request out of the values of ``COLUMNS``."""
    id_, name, subject, text, kind, about_id, *rest = row
    return SupportRequest(id_, name, subject, text, About(kind, about_id) if kind else None, *rest)


def reference() -> str:
    """Eight letters and digits that can be told apart, such as CH-7K3M-9QXD."""
    first, second = ("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(2))
    return f"CH-{first}-{second}"


def what_is_shown(user_id: UUID, about: About) -> dict[str, Any] | None:
    """What the saver sees of it at this moment. Raises NotFound."""
    if about.kind == "score":
        rows = fetch(SCORE, (user_id,))
        if not rows:
            return None
        *facts, names, features = rows[0]
        return dict(zip(SCORE_FACTS, facts, strict=True)) | {
            "features": dict(zip(FEATURE_SETS[names], features, strict=True)) if features else {}
        }
    if about.kind == "transaction" and (rows := fetch(MOVEMENT, (about.id, user_id))):
        return dict(zip(MOVEMENT_FACTS, rows[0], strict=True))
    if about.kind == "loan" and (rows := fetch(LOAN, (about.id, user_id))):
        return dict(zip(LOAN_FACTS, rows[0], strict=True))
    raise NotFound("You have nothing of that kind under this id.")
