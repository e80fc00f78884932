"""The one definition of the hash chain: what the writer, the bulk importer and the verifier all compute.

The digest of a transaction covers its facts and every line of it; a link of an account's chain covers the link before,
the account, its sequence number, the balance after and the digest. So a change to any stored number, on either side of
the movement, breaks the chain of the saver's account.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

GENESIS = b"\0" * 32


def micros(instant: datetime) -> int:
    """Whole microseconds of an aware ``instant`` since 1970 in UTC, exact."""
    delta = instant - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def digest(
    transaction_id: UUID | str,
    user_id: UUID | str,
    jar_id: UUID | str | None,
    kind: str,
    amount: int,
    day: date | str,
    occurred_at: int,
    recorded_at: int,
    balance_after: int,
    reversal_of: UUID | str | None,
    lines: Iterable[tuple[UUID | str, int]],
) -> bytes:
    """SHA-256 over a transaction: amounts in minor units, instants in microseconds, lines in order."""
    body = ",".join([f"{account}:{minor}" for account, minor in lines])
    return digest_of(
        transaction_id,
        user_id,
        jar_id,
        kind,
        amount,
        day,
        occurred_at,
        recorded_at,
        balance_after,
        reversal_of,
        body,
    )


def digest_of(
    transaction_id: UUID | str,
    user_id: UUID | str,
    jar_id: UUID | str | None,
    kind: str,
    amount: int,
    day: date | str,
    occurred_at: int,
    recorded_at: int,
    balance_after: int,
    reversal_of: UUID | str | None,
    body: str,
) -> bytes:
    """``digest`` with the lines written out already, as ``account:amount`` joined by commas."""
    return sha256(
        f"1|{transaction_id}|{user_id}|{jar_id}|{kind}|{amount}|{day}|{occurred_at}|{recorded_at}|{balance_after}"
        f"|{reversal_of or ''}|{body}".encode()
    ).digest()


def link(previous: bytes, account_id: UUID | str, seq: int, balance_after: int, transaction_digest: bytes) -> bytes:
    """The next link of an account's chain; ``previous`` is ``GENESIS`` for the first (``seq`` 1)."""
    return sha256(previous + f"{account_id}|{seq}|{balance_after}|".encode() + transaction_digest).digest()
