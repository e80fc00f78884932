"""The only writer of money. Callers hold the locks on the accounts they pass, taken in the order of jar ids.

Everything is queued: the rows travel in one round trip with whatever the caller awaits next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID

import uuid_utils.compat as uuids

from app import clock
from app.errors import DomainError
from app.ledger import chain
from app.ledger.accounts import COUNTERPARTS, CREDITS, Account, lock_jar_accounts
from app.transactions import Statement, queue


@cache
def statement(running: tuple[bool, ...]) -> Statement:
    """The statement that books one movement of as many lines as ``running``, which says which accounts keep a balance.

    One statement, so that PostgreSQL starts its executor once: the transaction, its postings (the trigger that balances
    them asks for all at once) and the accounts. Its parameters are those of the transaction, and for each line the
    account, the amount and, where it is running, its seq, balance and hash.
    """
    lines, updates, number = [], [], 10
    for line, runs in enumerate(running, 1):
        account, amount, seq, balance, digest = (f"${number + offset}" for offset in range(1, 6))
        number += 5 if runs else 2
        lines.append(
            f"($1, {line}, {account}, {amount}, {f'{seq}, {balance}, {digest}' if runs else 'NULL, NULL, NULL'})"
        )
        if runs:
            head = f"balance = {balance}, head_seq = {seq}, head_hash = {digest}"
            updates.append(f"UPDATE ledger_accounts SET {head} WHERE id = {account}")  # noqa: S608
    values = f"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, {len(running)})"
    moved = (
        "INSERT INTO transactions (id, user_id, jar_id, type, amount, date, occurred_at, recorded_at,"  # noqa: S608
        f" balance_after, reversal_of, posting_count) VALUES {values}"
    )
    return Statement(
        "ledger_book_" + "".join("r" if runs else "h" for runs in running),
        "INSERT INTO postings (transaction_id, line, account_id, amount, seq, balance_after, hash)"  # noqa: S608
        f" VALUES {', '.join(lines)}",
        parameters=number,
        parts=(moved, *updates),
    )


#: A loan's default has most: locked money, receivable, interest, charges, losses.
MOST_LINES = 5
UPDATE_JAR = "UPDATE savings_jars SET current_amount = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Posted:
    """A movement as it was booked. ``amount`` and ``balance_after`` (the jar's, else the loan's) in minor units."""

    id: UUID
    user_id: UUID
    jar_id: UUID | None
    type: str
    amount: int
    date: date
    occurred_at: datetime
    recorded_at: datetime
    balance_after: int
    reversal_of: UUID | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a movement: a saver's locked account, or the id of one of the house's; ``amount`` is signed."""

    account: Account | UUID
    amount: int


def post(
    *,
    user_id: UUID,
    jar_id: UUID | None,
    jar_account: Account,
    kind: str,
    amount: int,
    lines: list[Line],
    day: date,
    occurred_at: datetime,
    recorded_at: datetime,
    note: str | None = None,
    reversal_of: UUID | None = None,
) -> Posted:
    """Book one movement of ``amount`` > 0 minor units along ``lines``, whose sum is zero.

    ``jar_account`` is the jar's account, whether or not it is among the lines; where a loan moves and no jar, the
    loan's receivable, and no ``jar_id``. Its row and every running account of the lines must be locked by this
    transaction. Updates the Accounts in place. Raises DomainError ``insufficient_funds``
    where a jar would go below zero, and ValueError for lines that are not a movement.
    """
    if (
        amount <= 0
        or not 2 <= len(lines) <= MOST_LINES
        or sum(line.amount for line in lines) != 0
        or any(line.amount == 0 for line in lines)
        or len({_name(line) for line in lines}) < len(lines)
    ):
        raise ValueError("a movement is positive and has two to five lines, of accounts of their own, summing to zero")
    for line in lines:
        if isinstance(line.account, Account):
            if line.account.kind == "jar" and line.account.balance + line.amount < 0:
                raise DomainError("insufficient_funds", "There is less in this jar than that. Nothing was taken.")
            line.account.balance += line.amount
    posted = Posted(
        uuids.uuid7(),
        user_id,
        jar_id,
        kind,
        amount,
        day,
        occurred_at,
        recorded_at,
        jar_account.balance,
        reversal_of,
        note,
    )
    transaction_digest = chain.digest(
        posted.id,
        user_id,
        jar_id,
        kind,
        amount,
        day,
        chain.micros(occurred_at),
        chain.micros(recorded_at),
        posted.balance_after,
        reversal_of,
        [(_name(line), line.amount) for line in lines],
    )
    parameters: list[object] = [
        posted.id,
        user_id,
        jar_id,
        kind,
        amount,
        day,
        occurred_at,
        recorded_at,
        posted.balance_after,
        reversal_of,
    ]
    for line in lines:
        account = line.account
        if isinstance(account, Account):
            account.head_seq += 1
            account.head_hash = chain.link(
                account.head_hash, account.id, account.head_seq, account.balance, transaction_digest
            )
            parameters += [account.id, line.amount, account.head_seq, account.balance, account.head_hash]
        else:
            parameters += [account, line.amount]
    queue(statement(tuple([isinstance(line.account, Account) for line in lines])), parameters)
    if note:
        queue("INSERT INTO transaction_notes (transaction_id, note) VALUES (%s, %s)", (posted.id, note))
    return posted


def _name(line: Line) -> UUID:
    return line.account.id if isinstance(line.account, Account) else line.account


def lines_of(kind: str, jar_account: Account, amount: int) -> list[Line]:
    """The two lines of an ordinary movement of ``amount`` > 0 minor units between a jar and its type's counterpart."""
    signed = amount if kind in CREDITS else -amount
    return [Line(jar_account, signed), Line(COUNTERPARTS[kind], -signed)]


def move(from_jar: UUID, to_jar: UUID, amount: int, *, day: date, occurred_at: datetime) -> tuple[Posted, Posted]:
    """Move ``amount`` minor units between two jars: two balanced transactions through the transit account.

    Both rows are locked in the order of jar ids, so that two moves never deadlock. Raises DomainError ``not_found`` or
    ``insufficient_funds``, ValueError for a jar and itself.
    """
    if from_jar == to_jar:
        raise ValueError("a move needs two jars")
    locked = lock_jar_accounts([from_jar, to_jar])
    if len(locked) < 2:
        raise DomainError("not_found", "There is no such jar.")
    recorded_at = clock.now()
    posted = []
    for jar_id, kind in ((from_jar, "transfer_out"), (to_jar, "transfer_in")):
        account, user_id = locked[jar_id]
        posted.append(
            post(
                user_id=user_id,
                jar_id=jar_id,
                jar_account=account,
                kind=kind,
                amount=amount,
                lines=lines_of(kind, account, amount),
                day=day,
                occurred_at=occurred_at,
                recorded_at=recorded_at,
            )
        )
        queue(UPDATE_JAR, (account.balance, jar_id))
    return posted[0], posted[1]
