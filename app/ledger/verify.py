"""Recomputing everything the ledger claims: balances, sums, chains, heads, seals. One snapshot, bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from app.ledger import chain, seals
from app.ledger.chain import GENESIS
from app.models.ledger import RUNNING_KINDS
from app.transactions import fetch, queue, stream

ROWS_AT_ONCE = 20_000

# Sums, line counts and the announced number of lines of every transaction.
UNBALANCED = """
SELECT coalesce(t.id, p.transaction_id), t.id IS NULL, coalesce(p.total, 0), coalesce(p.lines, 0), t.posting_count
FROM transactions t FULL JOIN (
    SELECT transaction_id, sum(amount) AS total, count(*) AS lines FROM postings GROUP BY transaction_id
) p ON p.transaction_id = t.id
WHERE t.id IS NULL OR p.lines IS DISTINCT FROM t.posting_count OR p.total <> 0
"""
LINKS = """
SELECT p.account_id::text, p.seq, p.amount, p.balance_after, p.hash, p.transaction_id::text, t.user_id::text,
    t.jar_id::text, t.type, t.amount, t.date::text,
    (extract(epoch FROM t.occurred_at) * 1000000)::bigint, (extract(epoch FROM t.recorded_at) * 1000000)::bigint,
    t.balance_after, t.reversal_of::text, l.body
FROM postings p
JOIN transactions t ON t.id = p.transaction_id
JOIN (
    SELECT transaction_id, string_agg(account_id || ':' || amount, ',' ORDER BY line) AS body
    FROM postings GROUP BY transaction_id
) l ON l.transaction_id = p.transaction_id
WHERE p.seq IS NOT NULL
ORDER BY p.account_id, p.seq
"""
BALANCES = f"""
SELECT a.id::text, a.kind, a.balance, coalesce(s.total, 0), j.id::text, j.current_amount
FROM ledger_accounts a
LEFT JOIN (SELECT account_id, sum(amount) AS total FROM postings GROUP BY account_id) s ON s.account_id = a.id
LEFT JOIN savings_jars j ON j.id = a.jar_id
WHERE a.kind IN {RUNNING_KINDS}
    AND (a.balance <> coalesce(s.total, 0) OR (a.kind = 'jar' AND j.current_amount IS DISTINCT FROM a.balance))
"""  # noqa: S608  constants only
# Lines that are in a chain and should not be, or the other way round, or belong to no account.
MISPLACED = f"""
SELECT p.transaction_id::text, p.line, p.account_id::text, a.kind
FROM postings p LEFT JOIN ledger_accounts a ON a.id = p.account_id
WHERE a.id IS NULL OR (a.kind IN {RUNNING_KINDS}) <> (p.seq IS NOT NULL)
"""  # noqa: S608  constants only
# A movement of a jar and the account lines it has must be about the same saver.
FOREIGN_JARS = """
SELECT t.id::text FROM transactions t JOIN savings_jars j ON j.id = t.jar_id WHERE j.user_id <> t.user_id
"""
JARS_WITHOUT_ACCOUNT = """
SELECT j.id::text FROM savings_jars j LEFT JOIN ledger_accounts a ON a.jar_id = j.id WHERE a.id IS NULL
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. ``subject`` names the row: ``transaction …``, ``account …`` or ``jar …``."""

    code: str
    subject: str
    detail: str


def verify(progress: Callable[[int], None] = lambda links: None) -> Iterator[Finding]:
    """Everything that does not hold, in one snapshot of the database; nothing for a sound ledger.

    ``progress`` is told how many links have just been checked. Call it in a transaction of its own, before any other
    statement. Memory is bounded by the number of accounts, not of movements.
    """
    queue("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    queue("SET LOCAL statement_timeout = 0")
    queue("SET LOCAL enable_seqscan = on")
    queue("SET LOCAL work_mem = '192MB'")
    for id_, orphaned, total, lines, announced in fetch(UNBALANCED):
        if orphaned:
            yield Finding("transaction_missing", f"transaction {id_}", f"{lines} postings have no transaction")
        else:
            yield Finding(
                "unbalanced", f"transaction {id_}", f"{lines} postings of {announced}, whose sum is {total} and not 0"
            )
    for id_, line, account, kind in fetch(MISPLACED):
        yield Finding("misplaced", f"transaction {id_}", f"line {line} does not fit account {account} ({kind})")
    for (id_,) in fetch(FOREIGN_JARS):
        yield Finding("foreign_jar", f"transaction {id_}", "its jar is another saver's")
    for (id_,) in fetch(JARS_WITHOUT_ACCOUNT):
        yield Finding("account_missing", f"jar {id_}", "it has no ledger account")
    for account, kind, balance, total, jar, shown in fetch(BALANCES):
        if balance != total:
            yield Finding("balance", f"account {account}", f"{kind} account says {balance}, its postings {total}")
        if kind == "jar" and shown != balance:
            yield Finding("jar_balance", f"jar {jar}", f"it shows {shown}, its account says {balance}")
    heads: dict[str, tuple[int, bytes]] = {}
    sealed = seals.read()
    yield from (Finding(*broken) for broken in sealed.broken)
    yield from _chains(heads, sealed.accounts, progress)
    yield from _heads(heads)


def _chains(
    heads: dict[str, tuple[int, bytes]], sealed: dict[tuple[str, int], tuple[int, str]], progress: Callable[[int], None]
) -> Iterator[Finding]:
    account, expected, previous, running = "", 1, GENESIS, 0
    for row in _told(stream(LINKS, at_once=ROWS_AT_ONCE), progress):
        id_, seq, amount, balance_after, hash_, *facts = row
        if id_ != account:
            account, expected, previous, running = id_, 1, GENESIS, 0
        if seq != expected:
            missing = f"{expected}" if seq == expected + 1 else f"{expected} to {seq - 1}"
            yield Finding("link_missing", f"account {account}", f"postings {missing} of its chain are gone")
        running += amount
        stored = bytes(hash_)
        computed = chain.link(previous, account, seq, balance_after, chain.digest_of(*facts))
        if seq == expected and (computed != stored or running != balance_after):
            yield Finding(
                "link_broken", f"transaction {facts[0]}", f"posting {seq} of account {account} is not as it was written"
            )
        seal = sealed.pop((account, seq), None)
        if seal is not None and seal[1] != stored.hex():
            yield Finding("seal_broken", f"account {account}", f"posting {seq} is not what checkpoint {seal[0]} sealed")
        # What follows is judged by what is stored, so that one change is one finding.
        expected, previous, running = seq + 1, stored, balance_after
        heads[account] = (seq, stored)
    for (account, seq), (checkpoint, _) in sealed.items():
        yield Finding("seal_broken", f"account {account}", f"posting {seq}, sealed by checkpoint {checkpoint}, is gone")


def _heads(heads: dict[str, tuple[int, bytes]]) -> Iterator[Finding]:
    for account, kind, seq, head in fetch(
        f"SELECT id::text, kind, head_seq, head_hash FROM ledger_accounts WHERE kind IN {RUNNING_KINDS}"  # noqa: S608
    ):
        last_seq, last_hash = heads.get(account, (0, None))
        if seq != last_seq or (last_hash is not None and (head is None or bytes(head) != last_hash)):
            yield Finding(
                "head", f"account {account}", f"the {kind} account's head is {seq}, its chain ends at {last_seq}"
            )


def _told(batches: Iterator[list[Any]], progress: Callable[[int], None]) -> Iterator[tuple[Any, ...]]:
    for rows in batches:
        yield from rows
        progress(len(rows))
