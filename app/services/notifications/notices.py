"""Telling a saver something: an inbox row in the transaction of its cause, and the outbox row that has it sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import uuid_utils.compat as uuids

from app.services.outbox.messages import enqueue
from app.transactions import Statement, queue

INSERT = Statement(
    "notifications_insert",
    "INSERT INTO notifications (user_id, id, kind, facts, created_at, read_at) VALUES ($1, $2, $3, $4, $5, $6)",
    parameters=6,
)
# Looks into every unique index before it writes, which each deposit would pay for.
INSERT_ONCE = Statement(
    "notifications_insert_once",
    "INSERT INTO notifications (user_id, id, kind, facts, created_at, read_at, once)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    parameters=7,
)


def tell(user_id: UUID, kind: str, facts: dict[str, Any], *, at: datetime, once: str | None = None) -> None:
    """Queue a notice and its way out. ``once``: a saver is told that once only, whatever runs twice.

    ``facts``: plain JSON values and UUIDs, amounts in minor units; what the words of ``kind`` are made of.
    """
    notice = write(user_id, kind, facts, at=at, once=once)
    enqueue("notifications.made", {"notices": [[str(user_id), str(notice)]]}, at)


def write(
    user_id: UUID, kind: str, facts: dict[str, Any], *, at: datetime, once: str | None = None, seen: bool = False
) -> UUID:
    """Queue the inbox row only, for a cause whose own outbox row names the notice; its id.

    ``seen``: the saver has just been shown the same on the page or by the answer, so it does not count as new.
    """
    notice: UUID = uuids.uuid7()
    row = (user_id, notice, kind, orjson.dumps(facts).decode(), at, at if seen else None)
    if once is None:
        queue(INSERT, row)
    else:
        queue(INSERT_ONCE, (*row, once))
    return notice
