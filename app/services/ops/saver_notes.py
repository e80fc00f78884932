"""Notes of staff about a saver: only added to, and part of what the saver gets when asking what is held."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import uuid_utils.compat as uuids

from app.errors import Invalid, NotFound
from app.services.audit import log as audit
from app.services.identity import staff_at_work
from app.transactions import fetch, queue

LONGEST_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class SaverNote:
    """One note. ``author``: the name of who wrote it."""

    id: UUID
    at: datetime
    author_id: UUID
    author: str
    text: str


def write(user_id: UUID, text: str, *, by: UUID, at: datetime) -> UUID:
    """Keep a note about a saver; its id. Raises NotFound, Invalid, DomainError ``not_staff``."""
    staff_at_work.role_of(by)
    text = text.strip()
    if not 1 <= len(text) <= LONGEST_NOTE:
        raise Invalid({"text": [f"Write 1 to {LONGEST_NOTE} characters."]})
    if not fetch("SELECT 1 FROM users WHERE id = %s AND status <> 'erased' FOR KEY SHARE", (user_id,)):
        raise NotFound("There is no such account.")
    note_id: UUID = uuids.uuid7()
    queue(
        "INSERT INTO saver_notes (id, user_id, author_id, at, text) VALUES (%s, %s, %s, %s, %s)",
        (note_id, user_id, by, at, text),
    )
    audit.record(
        "saver_noted", subject_type="user", subject_id=user_id, at=at, actor_id=by, actor="staff",
        details={"note": str(note_id)},
    )  # fmt: skip
    return note_id


def page(
    user_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> tuple[list[SaverNote], tuple[datetime, UUID] | None]:
    """Up to ``limit`` notes about a saver, newest first, and where the next page begins."""
    rows = fetch(
        "SELECT n.id, n.at, n.author_id, a.name, n.text FROM saver_notes n JOIN users a ON a.id = n.author_id"  # noqa: S608
        f" WHERE n.user_id = %s{' AND (n.at, n.id) < (%s, %s)' if after else ''}"
        " ORDER BY n.at DESC, n.id DESC LIMIT %s",
        (user_id, *(after or ()), limit + 1),
    )
    shown = [SaverNote(*row) for row in rows[:limit]]
    last = shown[-1] if len(rows) > limit else None
    return shown, (last.at, last.id) if last else None
