"""The accounts money moves between.

The house's own accounts have fixed ids and no running balance: their balance is the sum of their postings, so that no
saver's movement waits for another's. A saver's accounts hold balance and chain head in their row.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import uuid_utils.compat as uuids

from app.ledger.chain import GENESIS
from app.models.ledger import TRANSACTION_TYPES
from app.transactions import fetch, queue

__all__ = [
    "BONUS",
    "COUNTERPARTS",
    "CREDITS",
    "FEES",
    "HOUSE_ACCOUNTS",
    "INTEREST",
    "LATE_CHARGES",
    "LOAN_FEES",
    "LOAN_INTEREST",
    "LOAN_LOSSES",
    "OUTSIDE",
    "TRANSACTION_TYPES",
    "TRANSIT",
    "Account",
    "account_from_row",
    "lock_jar_accounts",
    "lock_loan_accounts",
    "lock_owed_account",
    "open_jar_account",
    "open_loan_accounts",
]

OUTSIDE = UUID(int=1)
TRANSIT = UUID(int=2)
INTEREST = UUID(int=3)
BONUS = UUID(int=4)
FEES = UUID(int=5)
LOAN_INTEREST = UUID(int=6)
LOAN_FEES = UUID(int=7)
LATE_CHARGES = UUID(int=8)
LOAN_LOSSES = UUID(int=9)
HOUSE_ACCOUNTS = {
    OUTSIDE: "outside",
    TRANSIT: "transit",
    INTEREST: "interest",
    BONUS: "bonus",
    FEES: "fees",
    LOAN_INTEREST: "loan_interest",
    LOAN_FEES: "loan_fees",
    LATE_CHARGES: "late_charges",
    LOAN_LOSSES: "loan_losses",
}

# The account on the other side of each type of movement.
COUNTERPARTS = {
    "deposit": OUTSIDE,
    "withdraw": OUTSIDE,
    "interest": INTEREST,
    "bonus": BONUS,
    "fee": FEES,
    "transfer_in": TRANSIT,
    "transfer_out": TRANSIT,
}
CREDITS = frozenset({"deposit", "interest", "bonus", "transfer_in", "loan_release", "loan_refund"})


@dataclass(slots=True)
class Account:
    """A saver's account whose row this transaction has locked. ``balance`` in minor units."""

    id: UUID
    kind: str
    balance: int
    head_seq: int
    head_hash: bytes


def open_jar_account(account_id: UUID, user_id: UUID, jar_id: UUID) -> None:
    """Queue the row of a new jar's account."""
    queue(
        "INSERT INTO ledger_accounts (id, kind, user_id, jar_id) VALUES (%s, 'jar', %s, %s)",
        (account_id, user_id, jar_id),
    )


def lock_jar_accounts(jar_ids: list[UUID]) -> dict[UUID, tuple[Account, UUID]]:
    """Lock the accounts of ``jar_ids`` in the order of those ids; by jar, the account and the saver's id."""
    rows = fetch(
        "SELECT jar_id, id, kind, balance, head_seq, head_hash, user_id FROM ledger_accounts"
        " WHERE jar_id = ANY(%s::uuid[]) ORDER BY jar_id FOR NO KEY UPDATE",
        ([str(jar_id) for jar_id in sorted(jar_ids)],),
    )
    return {row[0]: (account_from_row(*row[1:6]), row[6]) for row in rows}


def lock_owed_account(user_id: UUID, new_id: UUID) -> Account:
    """The locked account of what the saver owes, opened under ``new_id`` where there is none."""
    queue(
        "INSERT INTO ledger_accounts (id, kind, user_id) VALUES (%s, 'owed', %s)"
        " ON CONFLICT (user_id) WHERE kind = 'owed' DO NOTHING",
        (new_id, user_id),
    )
    rows = fetch(
        "SELECT id, kind, balance, head_seq, head_hash FROM ledger_accounts"
        " WHERE user_id = %s AND kind = 'owed' FOR NO KEY UPDATE",
        (user_id,),
    )
    return account_from_row(*rows[0])


def open_loan_accounts(user_id: UUID, loan_id: UUID) -> tuple[Account, Account]:
    """Queue the two accounts of a loan that is accepted: what is to be paid back, and what is kept until then."""
    opened = tuple(Account(uuids.uuid7(), kind, 0, 0, GENESIS) for kind in ("loan_receivable", "loan_locked"))
    for account in opened:
        queue(
            "INSERT INTO ledger_accounts (id, kind, user_id, loan_id) VALUES (%s, %s, %s, %s)",
            (account.id, account.kind, user_id, loan_id),
        )
    return opened[0], opened[1]


def lock_loan_accounts(loan_id: UUID) -> tuple[Account, Account]:
    """The locked accounts of an accepted loan: what is to be paid back, and what is kept. After those of jars."""
    rows = fetch(
        "SELECT id, kind, balance, head_seq, head_hash FROM ledger_accounts WHERE loan_id = %s"
        " ORDER BY kind DESC FOR NO KEY UPDATE",
        (loan_id,),
    )
    receivable, locked = (account_from_row(*row) for row in rows)
    return receivable, locked


def account_from_row(
    account_id: UUID, kind: str, balance: int, head_seq: int, head_hash: bytes | memoryview | None
) -> Account:
    """An Account out of its columns; an empty chain begins at ``GENESIS``."""
    return Account(account_id, kind, balance, head_seq, bytes(head_hash) if head_hash else GENESIS)
