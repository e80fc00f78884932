"""One entry of the audit log with its proof: recomputed link by link up to what a checkpoint has sealed."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.errors import NotFound
from app.ledger import seals
from app.services.audit.log import GENESIS, linked
from app.transactions import fetch

#: So many links are followed, and no more: a whole log is `flask ledger verify`'s.
MOST_LINKS: Final = 5_000
COLUMNS: Final = "id, at, actor_id, actor, action, subject_type, subject_id, details, request_id, hash"
ENTRY: Final = f"SELECT {COLUMNS} FROM audit_log WHERE id = %s"  # noqa: S608  constants only
AFTER: Final = f"SELECT {COLUMNS} FROM audit_log WHERE id BETWEEN %s AND %s ORDER BY id"  # noqa: S608  constants only
#: Checkpoints are made about once an hour; the clocks of log and checkpoints are the product's.
# The log's head is the first line of a checkpoint: its beginning is enough.
SEALS: Final = """
SELECT id, sealed_at, substring(heads FROM 1 FOR 2048) FROM ledger_checkpoints WHERE sealed_at >= %s
ORDER BY id LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry, and what holds it in its place.

    ``previous``, ``hash``: in hex. ``holds``: whether the entry's hash follows from the one before it and from what it
    says. ``followed``: how many entries after it were recomputed, and ``unbroken`` whether each followed.
    ``sealed_by``: the first checkpoint that seals it or a later one, at ``sealed_at``; ``sealed_entry``: the entry
    whose hash that checkpoint holds, and ``seal_holds`` whether the log has it so. None where no checkpoint is there.
    """

    id: int
    at: datetime
    actor: str
    actor_id: object
    action: str
    subject_type: str
    subject_id: str
    details: dict[str, Any]
    request_id: str | None
    previous: str
    hash: str
    holds: bool
    followed: int
    unbroken: bool
    sealed_by: int | None
    sealed_at: datetime | None
    sealed_entry: int | None
    seal_holds: bool | None


def prove(entry_id: int) -> Proof:
    """The entry with its proof. Raises NotFound."""
    rows = fetch(ENTRY, (entry_id,))
    if not rows:
        raise NotFound("There is no such entry.")
    entry = rows[0]
    before = fetch("SELECT hash FROM audit_log WHERE id = %s", (entry_id - 1,))
    previous = bytes(before[0][0]) if before else GENESIS
    own = _computed(previous, entry)
    checkpoint, sealed_at, sealed_entry, sealed_hash = _seal(entry_id, entry[1])
    last = min(sealed_entry or entry_id + 1, entry_id + MOST_LINKS)
    reached, hash_, unbroken = entry_id, bytes(entry[9]), True
    for row in fetch(AFTER, (entry_id + 1, last)):
        unbroken = unbroken and row[0] == reached + 1 and _computed(hash_, row) == bytes(row[9])
        reached, hash_ = row[0], bytes(row[9])
    seal_holds = None
    if sealed_hash is not None and (reached == sealed_entry or last < (sealed_entry or 0)):
        seal_holds = hash_.hex() == sealed_hash if reached == sealed_entry else None
    elif sealed_hash is not None:
        seal_holds = False  # what was sealed is gone
    number, at, actor_id, actor, action, subject_type, subject_id, details, request_id, kept = entry
    return Proof(
        number, at, actor, actor_id, action, subject_type, subject_id, details, request_id, previous.hex(),
        bytes(kept).hex(), own == bytes(kept) and (bool(before) or entry_id == 1), reached - entry_id, unbroken,
        checkpoint, sealed_at, sealed_entry, seal_holds,
    )  # fmt: skip


def _computed(previous: bytes, row: tuple[Any, ...]) -> bytes:
    number, at, actor_id, actor, action, subject_type, subject_id, details, request_id, _ = row
    text = json.dumps(details, sort_keys=True, separators=(",", ":"))
    return linked(previous, (number, at, actor_id, actor, action, subject_type, subject_id, text, request_id))


def _seal(entry_id: int, at: datetime) -> tuple[int | None, datetime | None, int | None, str | None]:
    for number, sealed_at, heads in fetch(SEALS, (at,)):
        for account, seq, hash_ in seals.lines(zlib.decompressobj(wbits=31).decompress(bytes(heads), 256)):
            if account == seals.LOG and seq >= entry_id:
                return number, sealed_at, seq, hash_
    return None, None, None, None
