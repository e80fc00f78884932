"""Seals over the ledger: the heads of all chains that moved, digested onto the seal before, kept in two places.

Whoever rewrites a chain from the middle to its head, and the head with it, still has to rewrite the object store.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from flask import current_app

from app.errors import Unavailable
from app.ledger.verify import Finding
from app.observability import get_logger
from app.transactions import fetch, queue

log = get_logger()
LOCK = 4_201_001  # any number of its own: one seal at a time


def seal(*, at: datetime) -> int | None:
    """Seal every head that moved since the last checkpoint; its number, or None where none did.

    Written to the object store first. Where that is away the checkpoint is kept in the database alone, and says so by
    having no object key.
    """
    fetch("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    last = fetch("SELECT id, digest FROM ledger_checkpoints ORDER BY id DESC LIMIT 1")
    number, previous = (last[0][0] + 1, bytes(last[0][1])) if last else (1, b"\0" * 32)
    queue("SET LOCAL statement_timeout = '5min'")
    queue("SET LOCAL enable_seqscan = on")
    rows = fetch(
        "SELECT a.id, a.head_seq, encode(a.head_hash, 'hex') FROM ledger_accounts a"
        " LEFT JOIN ledger_sealed_heads s ON s.account_id = a.id WHERE a.head_seq > coalesce(s.seq, 0) ORDER BY a.id"
    )
    if not rows:
        return None
    lines = [f"{account} {seq} {head}" for account, seq, head in rows]
    body = "\n".join(lines).encode()
    digest = sha256(previous + body).digest()
    packed = gzip.compress(body, mtime=0)
    key: str | None = f"ledger/checkpoints/{number:08d}-{digest.hex()[:16]}.gz"
    try:
        current_app.extensions["object_store"].put(key, packed, "application/gzip")
    except Unavailable:
        log.warning("checkpoint_not_stored", checkpoint=number)
        key = None
    queue(
        "INSERT INTO ledger_checkpoints (id, sealed_at, accounts, heads, digest, object_key)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (number, at, len(lines), packed, digest, key),
    )
    queue(
        "INSERT INTO ledger_sealed_heads (account_id, seq) SELECT * FROM unnest(%s::uuid[], %s::bigint[])"
        " ON CONFLICT (account_id) DO UPDATE SET seq = excluded.seq",
        ([str(row[0]) for row in rows], [row[1] for row in rows]),
    )
    return number


def verify_copies() -> Iterator[Finding]:
    """What does not agree between the checkpoints in the database and their copies in the object store.

    A copy that is gone, or that says something else, shows whoever rewrote the database. Raises Unavailable where the
    object store is away.
    """
    for number, heads, key in fetch("SELECT id, heads, object_key FROM ledger_checkpoints ORDER BY id"):
        if key is None:
            continue
        copy = current_app.extensions["object_store"].get(key)
        if copy is None:
            yield Finding("copy_missing", f"checkpoint {number}", f"its copy {key} is not in the object store")
        elif copy != bytes(heads):
            yield Finding("copy_differs", f"checkpoint {number}", f"its copy {key} says something else")
