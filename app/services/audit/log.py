"""The append-only, hash-chained audit log, written in the transaction of what it records.

Its entries are rare (staff, security, corrections), so one row's lock may order them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.observability import current_request_id
from app.transactions import fetch, queue


def record(
    action: str,
    *,
    subject_type: str,
    subject_id: object,
    at: datetime,
    actor_id: UUID | None = None,
    actor: str = "system",
    details: dict[str, Any] | None = None,
) -> None:
    """Add one entry. ``actor`` is a role, ``operator`` (the command line) or ``system``; ``details`` hold ids only."""
    request_id = current_request_id()
    ((last_id, last_hash),) = fetch("SELECT last_id, last_hash FROM audit_head WHERE id = 1 FOR NO KEY UPDATE")
    number = last_id + 1
    text = json.dumps(details or {}, sort_keys=True, separators=(",", ":"))
    hash_ = _link(
        bytes(last_hash), (number, at, actor_id, actor, action, subject_type, str(subject_id), text, request_id)
    )
    queue(
        "INSERT INTO audit_log (id, at, actor_id, actor, action, subject_type, subject_id, details, request_id, hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (number, at, actor_id, actor, action, subject_type, str(subject_id), text, request_id, hash_),
    )
    queue("UPDATE audit_head SET last_id = %s, last_hash = %s WHERE id = 1", (number, hash_))


def verify() -> Iterator[str]:
    """One sentence for each entry that does not follow from the one before it, and for a log that ends early."""
    previous, expected = b"\0" * 32, 1
    for row in fetch(
        "SELECT id, at, actor_id, actor, action, subject_type, subject_id, details, request_id, hash"
        " FROM audit_log ORDER BY id"
    ):
        number, at, actor_id, actor, action, subject_type, subject_id, details, request_id, hash_ = row
        if number != expected:
            yield f"audit log: entries {expected} to {number - 1} are missing"
        text = json.dumps(details, sort_keys=True, separators=(",", ":"))
        link = _link(previous, (number, at, actor_id, actor, action, subject_type, subject_id, text, request_id))
        if link != bytes(hash_):
            yield f"audit log: entry {number} was changed"
        previous, expected = bytes(hash_), number + 1
    ((last_id, last_hash),) = fetch("SELECT last_id, last_hash FROM audit_head WHERE id = 1")
    if last_id != expected - 1 or bytes(last_hash) != previous:
        yield f"audit log: it ends at entry {expected - 1}, its head says {last_id}"


def _link(previous: bytes, facts: tuple[Any, ...]) -> bytes:
    number, at, *rest = facts
    body = "|".join([str(number), at.isoformat(), *("" if fact is None else str(fact) for fact in rest)])
    return sha256(previous + body.encode()).digest()
