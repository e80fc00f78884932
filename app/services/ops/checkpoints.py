"""Seals over ledger and audit log: the heads of all chains that moved, digested onto the seal before, kept twice.

Whoever rewrites a chain from the middle to its head, and the head with it, still has to rewrite the object store.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask import current_app

from app.errors import Unavailable
from app.ledger import seals
from app.ledger.verify import Finding
from app.observability import get_logger
from app.transactions import fetch, queue, stream

log = get_logger()
LOCK = 4_201_001  # any number of its own: one seal at a time
LOG_HEAD = """
SELECT h.last_id, encode(h.last_hash, 'hex') FROM audit_head h
LEFT JOIN ledger_sealed_heads s ON s.account_id = %s WHERE h.last_id > coalesce(s.seq, 0)
"""
# Sealed heads that the database does not have, or has otherwise.
DISOWNED = """
SELECT s.account, s.seq FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS s(account, seq, hash)
LEFT JOIN postings p ON s.account <> %s AND p.account_id = s.account::uuid AND p.seq = s.seq
LEFT JOIN audit_log a ON s.account = %s AND a.id = s.seq
WHERE encode(coalesce(p.hash, a.hash), 'hex') IS DISTINCT FROM s.hash
LIMIT 1
"""


def seal(*, at: datetime) -> int | None:
    """Seal every head that moved since the last checkpoint, the audit log's too; its number, or None where none did.

    Written to the object store first. Where that is away the checkpoint is kept in the database alone, and says so by
    having no object key.
    """
    fetch("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
    last = fetch("SELECT id, digest FROM ledger_checkpoints ORDER BY id DESC LIMIT 1")
    number, previous = (last[0][0] + 1, bytes(last[0][1])) if last else (1, seals.BEFORE_THE_FIRST)
    queue("SET LOCAL statement_timeout = '5min'")
    queue("SET LOCAL enable_seqscan = on")
    rows = fetch(
        "SELECT a.id, a.head_seq, encode(a.head_hash, 'hex') FROM ledger_accounts a"
        " LEFT JOIN ledger_sealed_heads s ON s.account_id = a.id WHERE a.head_seq > coalesce(s.seq, 0) ORDER BY a.id"
    )
    accounts = len(rows)
    rows = [(seals.LOG, *head) for head in fetch(LOG_HEAD, (seals.LOG,))] + rows
    if not rows:
        return None
    body = "\n".join(f"{account} {seq} {head}" for account, seq, head in rows).encode()
    digest, heads = seals.digest_of(previous, body), seals.packed(body)
    key: str | None = f"{_folder() or _folder_of(digest)}{number:08d}-{digest.hex()[:16]}.gz"
    try:
        current_app.extensions["object_store"].put(key, heads, "application/gzip")
    except Unavailable:
        log.warning("checkpoint_not_stored", checkpoint=number)
        key = None
    queue(
        "INSERT INTO ledger_checkpoints (id, sealed_at, accounts, heads, digest, object_key)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (number, at, accounts, heads, digest, key),
    )
    queue(
        "INSERT INTO ledger_sealed_heads (account_id, seq) SELECT * FROM unnest(%s::uuid[], %s::bigint[])"
        " ON CONFLICT (account_id) DO UPDATE SET seq = excluded.seq",
        ([str(row[0]) for row in rows], [row[1] for row in rows]),
    )
    return number


def verify_copies() -> Iterator[Finding]:
    """What does not agree between the checkpoints in the database and their copies in the object store.

    A copy that is gone, or that says something else, shows whoever rewrote the database; so does one whose checkpoint
    is gone from it, together with what it sealed. Raises Unavailable where the object store is away.
    """
    store, known = current_app.extensions["object_store"], set()
    for rows in stream("SELECT id, heads, object_key FROM ledger_checkpoints ORDER BY id", at_once=10):
        for number, heads, key in rows:
            if key is None:
                continue
            known.add(key)
            copy = store.get(key)
            if copy is None:
                yield Finding("copy_missing", f"checkpoint {number}", f"its copy {key} is not in the object store")
            elif copy != bytes(heads):
                yield Finding("copy_differs", f"checkpoint {number}", f"its copy {key} says something else")
    folder = _folder()
    for key in store.keys(folder) if folder else ():
        if key not in known:
            yield from _disowned(key, store.get(key) or b"")


def _disowned(key: str, copy: bytes) -> Iterator[Finding]:
    """A copy without a checkpoint: nothing where the database died before it could commit, and has what was sealed."""
    sealed = seals.lines(seals.unpacked(copy))
    columns = [list(column) for column in zip(*sealed, strict=True)] or [[], [], []]
    for account, seq in fetch(DISOWNED, (*columns, seals.LOG, seals.LOG)):
        what = "the audit log" if account == seals.LOG else f"account {account}"
        yield Finding(
            "copy_disowned", f"copy {key}", f"it seals number {seq} of {what}, which the database does not have so"
        )


def _folder() -> str | None:
    """Where the copies of this chain of checkpoints are; None before the first. Others are not ours."""
    first = fetch("SELECT digest FROM ledger_checkpoints WHERE id = 1")
    return _folder_of(bytes(first[0][0])) if first else None


def _folder_of(digest: bytes) -> str:
    return f"ledger/checkpoints/{digest.hex()[:16]}/"
