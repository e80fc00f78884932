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

from app.ledger import seals
from app.observability import current_request_id
from app.transactions import fetch, queue, stream

GENESIS = b"\0" * 32
# The head beside each entry: all of it is of one moment.
ENTRIES = """
SELECT a.id, a.at, a.actor_id, a.actor, a.action, a.subject_type, a.subject_id, a.details, a.request_id, a.hash,
    h.last_id, h.last_hash
FROM audit_head h LEFT JOIN audit_log a ON true WHERE h.id = 1 ORDER BY a.id
"""


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
    hash_ = linked(
        bytes(last_hash), (number, at, actor_id, actor, action, subject_type, str(subject_id), text, request_id)
    )
    queue(
        "INSERT INTO audit_log (id, at, actor_id, actor, action, subject_type, subject_id, details, request_id, hash)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (number, at, actor_id, actor, action, subject_type, str(subject_id), text, request_id, hash_),
    )
    queue("UPDATE audit_head SET last_id = %s, last_hash = %s WHERE id = 1", (number, hash_))


def by_operator(action: str, subject_type: str, subject_id: object, *, at: datetime, **details: Any) -> None:
    """Add one entry for what somebody does at the command line."""
    record(action, subject_type=subject_type, subject_id=subject_id, at=at, actor="operator", details=details)


def looked_at(
    viewer_id: UUID | None,
    role: str,
    subject_type: str,
    subject_id: object,
    *,
    what: str,
    at: datetime,
    reason: str | None = None,
) -> None:
    """Note that staff looked at somebody's data: who, whose, ``what`` (a word such as ``profile``), and the ``reason``.

    Call it in the transaction that reads, so that nothing is shown that is not noted. ``viewer_id`` is None for an
    operator at the command line.
    """
    record(
        "looked_at", subject_type=subject_type, subject_id=subject_id, at=at, actor_id=viewer_id, actor=role,
        details={"what": what} | ({} if reason is None else {"reason": reason}),
    )  # fmt: skip


def verify() -> Iterator[str]:
    """One sentence for each entry that does not follow from the one before it, or that a checkpoint sealed otherwise,
    and for a log that ends early. Memory is bounded, however long the log; entries that are written meanwhile count for
    the next time.
    """
    sealed = seals.read().log
    previous, expected, head = GENESIS, 1, (0, GENESIS)
    for rows in stream(ENTRIES):
        for number, at, actor_id, actor, action, subject_type, subject_id, details, request_id, hash_, *last in rows:
            head = (last[0], bytes(last[1]))
            if number is None:
                continue  # the log is empty
            if number != expected:
                yield f"audit log: entries {expected} to {number - 1} are missing"
            text = json.dumps(details, sort_keys=True, separators=(",", ":"))
            link = linked(previous, (number, at, actor_id, actor, action, subject_type, subject_id, text, request_id))
            if link != bytes(hash_):
                yield f"audit log: entry {number} was changed"
            seal = sealed.pop(number, None)
            if seal is not None and seal[1] != bytes(hash_).hex():
                yield f"audit log: entry {number} is not what checkpoint {seal[0]} sealed"
            previous, expected = bytes(hash_), number + 1
    if head != (expected - 1, previous):
        yield f"audit log: it ends at entry {expected - 1}, its head says {head[0]}"
    for number, (checkpoint, _) in sealed.items():
        if number >= expected:
            yield f"audit log: entry {number}, sealed by checkpoint {checkpoint}, is gone"


def linked(previous: bytes, facts: tuple[Any, ...]) -> bytes:
    """The hash of an entry: over the hash before it and what it says, details as JSON with sorted keys."""
    number, at, *rest = facts
    body = "|".join([str(number), at.isoformat(), *("" if fact is None else str(fact) for fact in rest)])
    return sha256(previous + body.encode()).digest()
