"""The inbox: what a saver was told, newest first, and what of it is new."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.errors import NotFound
from app.transactions import fetch, queue

#: Nobody reads a larger number, and counting further would take longer the less somebody reads.
MOST_COUNTED = 100
#: How many notices of the saver of row ``u`` are unread, as part of a query that names the person anyway.
UNREAD = (
    "(SELECT count(*) FROM (SELECT FROM notifications n WHERE n.user_id = u.id AND n.read_at IS NULL"  # noqa: S608  a constant
    f" LIMIT {MOST_COUNTED}) AS unread)"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. ``facts`` are what the words of its ``kind`` are made of (services/notifications/words.py)."""

    id: UUID
    kind: str
    facts: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


def page(
    user_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None = None, unread: bool = False
) -> tuple[list[Notice], tuple[datetime, UUID] | None]:
    """Up to ``limit`` notices, newest first, and where the next page begins. ``unread``: those alone."""
    # Ids are in the order in which the notices were written; the instants may be those of another clock.
    rows = fetch(
        "SELECT id, kind, facts, created_at, read_at FROM notifications WHERE user_id = %(user)s"  # noqa: S608  constants
        f"{' AND id < %(after)s' if after else ''}{' AND read_at IS NULL' if unread else ''}"
        " ORDER BY id DESC LIMIT %(limit)s",
        {"user": user_id, "after": after and after[1], "limit": limit + 1},
    )
    shown = [Notice(*row) for row in rows[:limit]]
    last = shown[-1] if len(rows) > limit else None
    return shown, (last.created_at, last.id) if last else None


def unread_count(user_id: UUID) -> int:
    """How many notices are unread, ``MOST_COUNTED`` at most."""
    ((count,),) = fetch(f"SELECT {UNREAD} FROM (SELECT %s::uuid AS id) AS u", (user_id,))  # noqa: S608  a constant
    return int(count)


def mark_read(user_id: UUID, notice_id: UUID, *, at: datetime) -> Notice:
    """The notice, read from now on; one that was read before keeps its instant. Raises NotFound."""
    rows = fetch(
        "WITH marked AS (UPDATE notifications SET read_at = %(at)s"
        " WHERE user_id = %(user)s AND id = %(id)s AND read_at IS NULL)"
        " SELECT id, kind, facts, created_at, coalesce(read_at, %(at)s) FROM notifications"
        " WHERE user_id = %(user)s AND id = %(id)s",
        {"user": user_id, "id": notice_id, "at": at},
    )
    if not rows:
        raise NotFound("You have no such notice.")
    return Notice(*rows[0])


def mark_all_read(user_id: UUID, *, through: UUID, at: datetime) -> None:
    """Queue the marking of everything up to the notice ``through``: what came after it has not been seen yet."""
    queue(
        "UPDATE notifications SET read_at = %s WHERE user_id = %s AND id <= %s AND read_at IS NULL",
        (at, user_id, through),
    )


def mark_unread(user_id: UUID, *, through: UUID, read_at: datetime) -> None:
    """Queue taking back one marking of all: what it marked, at ``read_at``, is new once more."""
    queue(
        "UPDATE notifications SET read_at = NULL WHERE user_id = %s AND id <= %s AND read_at = %s",
        (user_id, through, read_at),
    )
