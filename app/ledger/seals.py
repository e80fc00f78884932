"""What checkpoints hold: the heads that they sealed, as lines ``account_id seq hash``, digested onto the one before."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from uuid import UUID

from app.transactions import stream

#: The head of the audit log stands among the accounts, under an id that no account has.
LOG: Final = str(UUID(int=0))
BEFORE_THE_FIRST: Final = b"\0" * 32


@dataclass(slots=True)
class Sealed:
    """Everything that was sealed.

    ``accounts``: by account and number of the posting, the checkpoint that sealed it and the hash in hex; ``log``: the
    same of the audit log's entries by their number. ``broken``: code, checkpoint and what is wrong with it.
    """

    accounts: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    log: dict[int, tuple[int, str]] = field(default_factory=dict)
    broken: list[tuple[str, str, str]] = field(default_factory=list)


def read() -> Sealed:
    """The checkpoints of the database, each held against its own digest."""
    found = Sealed()
    previous, expected = BEFORE_THE_FIRST, 1
    for rows in stream("SELECT id, heads, digest FROM ledger_checkpoints ORDER BY id", at_once=10):
        for number, heads, digest in rows:
            if number != expected:
                found.broken.append(("checkpoint_missing", f"checkpoint {expected}", "it is gone"))
            body = unpacked(bytes(heads))
            if digest_of(previous, body) != bytes(digest):
                found.broken.append(("checkpoint_broken", f"checkpoint {number}", "it is not as it was written"))
            for account, seq, hash_ in lines(body):
                if account == LOG:
                    found.log[seq] = (number, hash_)
                else:
                    found.accounts[account, seq] = (number, hash_)
            previous, expected = bytes(digest), number + 1
    return found


def packed(body: bytes) -> bytes:
    """The lines as they are kept: the same bytes for the same lines."""
    return gzip.compress(body, mtime=0)


def unpacked(heads: bytes) -> bytes:
    """The lines of what is kept; nothing where it is no longer what was written."""
    try:
        return gzip.decompress(heads)
    except (OSError, EOFError):
        return b""


def digest_of(previous: bytes, body: bytes) -> bytes:
    """SHA-256 over the digest before and the lines."""
    return sha256(previous + body).digest()


def lines(body: bytes) -> list[tuple[str, int, str]]:
    """Account, number and hash of each line; what is no line is left out, and the digest tells of it."""
    found = []
    for line in body.decode(errors="replace").splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1].isdigit():
            found.append((parts[0], int(parts[1]), parts[2]))
    return found
