"""The ledger's second entry: whole histories by COPY, into jars whose accounts the import opened itself.

The same rows and the same hash chain as ``posting.post`` writes, thousands to a statement, with every constraint and
trigger of the tables in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uuid_utils

from app.errors import DomainError
from app.ledger.accounts import COUNTERPARTS, CREDITS
from app.ledger.chain import GENESIS, digest_of, link, micros
from app.transactions import copy, fetch

_COUNTERPARTS = {kind: str(account) for kind, account in COUNTERPARTS.items()}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\N{REPLACEMENT CHARACTER}"})


@dataclass(slots=True)
class JarChain:
    """The ledger account of one jar as it stands: ids as text, balance in minor units, and the head of its chain."""

    account_id: str
    user_id: str
    jar_id: str
    balance: int = 0
    seq: int = 0
    head: bytes = GENESIS


class Batch:
    """Movements booked in memory, in their order, and written together.

    ``write`` belongs into one database transaction and may be called again after a rollback. Until it has committed,
    the chains that were passed in are ahead of the database.
    """

    def __init__(self, recorded_at: datetime) -> None:
        self._recorded_at = recorded_at.isoformat()
        self._recorded_micros = micros(recorded_at)
        self._opened: set[str] = set()
        # What moved, by account, with the sequence number it had before.
        self._moved: dict[str, tuple[JarChain, int]] = {}
        self._transactions: list[str] = []
        self._postings: list[str] = []

    def open(self, chain: JarChain) -> None:
        """Open the account of a jar that is new in this transaction."""
        self._opened.add(chain.account_id)
        self._moved[chain.account_id] = (chain, 0)

    def book(self, chain: JarChain, kind: str, amount: int, *, day: str, occurred_at: datetime) -> str:
        """One movement of ``amount`` > 0 minor units on the local ``day`` (ISO); the id of its transaction.

        Raises DomainError ``insufficient_funds`` where the jar would go below zero, ValueError for another amount.
        """
        if amount <= 0:
            raise ValueError("a movement is positive")
        signed = amount if kind in CREDITS else -amount
        balance = chain.balance + signed
        if balance < 0:
            raise DomainError("insufficient_funds", "There is less in this jar than that. Nothing was taken.")
        transaction_id = str(uuid_utils.uuid7())
        counterpart = _COUNTERPARTS[kind]
        transaction_digest = digest_of(
            transaction_id,
            chain.user_id,
            chain.jar_id,
            kind,
            amount,
            day,
            micros(occurred_at),
            self._recorded_micros,
            balance,
            None,
            f"{chain.account_id}:{signed},{counterpart}:{-signed}",
        )
        if chain.account_id not in self._moved:
            self._moved[chain.account_id] = (chain, chain.seq)
        chain.balance, chain.seq = balance, chain.seq + 1
        chain.head = link(chain.head, chain.account_id, chain.seq, balance, transaction_digest)
        self._transactions.append(
            f"{transaction_id}\t{chain.user_id}\t{chain.jar_id}\t{kind}\t{amount}\t{day}\t{occurred_at.isoformat()}"
            f"\t{self._recorded_at}\t{balance}\t2\n"
        )
        self._postings.append(
            f"{transaction_id}\t1\t{chain.account_id}\t{signed}\t{chain.seq}\t{balance}\t\\\\x{chain.head.hex()}\n"
            f"{transaction_id}\t2\t{counterpart}\t{-signed}\t\\N\t\\N\t\\N\n"
        )
        return transaction_id

    def write(self) -> None:
        """Write accounts, transactions, postings and heads. The rows of new accounts' savers and jars are there.

        Raises DomainError ``moved_meanwhile`` where an account has moved since its chain was read, else what the
        database says, as SQLAlchemy's DBAPIError.
        """
        self._lock_and_compare()
        opened = [self._moved[account_id][0] for account_id in self._opened]
        copy_rows(
            "ledger_accounts",
            ("id", "kind", "user_id", "jar_id"),
            ((chain.account_id, "jar", chain.user_id, chain.jar_id) for chain in opened),
        )
        _copy(
            "transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at, balance_after,"
            " posting_count)",
            self._transactions,
        )
        _copy("postings (transaction_id, line, account_id, amount, seq, balance_after, hash)", self._postings)
        chains = [chain for chain, before in self._moved.values() if chain.seq != before]
        if chains:
            fetch(
                "UPDATE ledger_accounts a SET balance = n.balance, head_seq = n.seq, head_hash = n.head"
                " FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bytea[]) AS n (id, balance, seq, head)"
                " WHERE a.id = n.id",
                (
                    [chain.account_id for chain in chains],
                    [chain.balance for chain in chains],
                    [chain.seq for chain in chains],
                    [chain.head for chain in chains],
                ),
            )

    def _lock_and_compare(self) -> None:
        known = {
            account_id: (chain, before)
            for account_id, (chain, before) in self._moved.items()
            if account_id not in self._opened
        }
        if not known:
            return
        # Jar and account together, in the order of jar ids: as a movement of the saver's own takes them.
        rows = fetch(
            "SELECT a.id, a.head_seq FROM savings_jars j JOIN ledger_accounts a ON a.jar_id = j.id"
            " WHERE j.id = ANY(%s::uuid[]) ORDER BY j.id FOR NO KEY UPDATE OF j, a",
            ([chain.jar_id for chain, _ in known.values()],),
        )
        if {str(account_id): seq for account_id, seq in rows} != {name: before for name, (_, before) in known.items()}:
            raise DomainError(
                "moved_meanwhile",
                "A jar of this history has moved while it was being imported. Run the same import again: it goes on"
                " from the last part that was booked.",
            )


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """COPY ``rows`` of str, int, bytes, date, datetime, UUID or None into ``table``, in the open transaction.

    What PostgreSQL's text cannot hold (NUL, lone surrogates) is written as a replacement character. Raises DBAPIError.
    """
    _copy(f"{table} ({', '.join(columns)})", ["\t".join(map(_text, row)) + "\n" for row in rows])


def _text(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    if isinstance(value, str):
        # Lone surrogates have no UTF-8: they come out as question marks.
        return value.encode("utf-8", "replace").decode().translate(_ESCAPES)
    return str(value)


def _copy(into: str, lines: list[str]) -> None:
    if not lines:
        return
    copy(into, "".join(lines))
