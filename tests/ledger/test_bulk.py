from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from psycopg2 import errors
from sqlalchemy.exc import DBAPIError

from app.errors import DomainError
from app.ledger import chain, posting
from app.ledger.accounts import COUNTERPARTS, Account
from app.ledger.bulk import Batch, JarChain, copy_rows
from app.ledger.chain import GENESIS
from app.transactions import fetch, queue, run, transaction
from tests.factories import Saver

AT = datetime(2025, 3, 1, 6, 30, tzinfo=UTC)
RECORDED = datetime(2026, 7, 15, 6, 30, 0, 123456, tzinfo=UTC)
MOVEMENTS = [
    ("deposit", 5_000),
    ("interest", 12),
    ("withdraw", 1_200),
    ("bonus", 300),
    ("fee", 112),
    ("deposit", 1),
    ("withdraw", 4_001),
]
pytestmark = pytest.mark.usefixtures("context")


def new_chain(saver: Saver) -> JarChain:
    """An account to be opened, of a new jar of the saver that has none."""
    jar_id = uuid4()
    with transaction():
        queue(
            "INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, start_date, created_at)"
            " VALUES (%s, %s, 'Roof', 'daily', 100000, %s, %s)",
            (jar_id, saver.id, AT.date(), AT),
        )
    return JarChain(str(uuid4()), str(saver.id), str(jar_id))


def book_all(batch: Batch, account: JarChain) -> None:
    for number, (kind, amount) in enumerate(MOVEMENTS):
        day = AT.date() + timedelta(number)
        batch.book(account, kind, amount, day=day.isoformat(), occurred_at=AT + timedelta(number))


def booked(saver: Saver) -> JarChain:
    account = new_chain(saver)
    batch = Batch(RECORDED)
    batch.open(account)
    book_all(batch, account)
    run(batch.write)
    return account


def stored(jar_id: UUID | str) -> list[Any]:
    """All that is kept of a jar's movements but ids and hashes, in their order."""
    with transaction():
        return fetch(
            "SELECT t.type, t.amount, t.date, t.occurred_at, t.recorded_at, t.balance_after, t.posting_count,"
            " t.reversal_of, p.line, p.amount, p.seq, p.balance_after, p.hash IS NULL,"
            " (SELECT kind FROM ledger_accounts WHERE id = p.account_id)"
            " FROM transactions t JOIN postings p ON p.transaction_id = t.id WHERE t.jar_id = %s ORDER BY t.id, p.line",
            (jar_id,),
        )


def test_a_batch_books_what_posting_would(saver: Saver) -> None:
    account = booked(saver)
    jar_id = UUID(saver.jar())
    with transaction():
        ((account_id,),) = fetch("SELECT id FROM ledger_accounts WHERE jar_id = %s", (jar_id,))
        one_by_one = Account(account_id, "jar", 0, 0, GENESIS)
        for number, (kind, amount) in enumerate(MOVEMENTS):
            posting.post(
                user_id=saver.id,
                jar_id=jar_id,
                jar_account=one_by_one,
                kind=kind,
                amount=amount,
                lines=posting.lines_of(kind, one_by_one, amount),
                day=AT.date() + timedelta(number),
                occurred_at=AT + timedelta(number),
                recorded_at=RECORDED,
            )
    assert stored(account.jar_id) == stored(jar_id)
    assert account.balance == one_by_one.balance == 0
    assert account.seq == one_by_one.head_seq == len(MOVEMENTS)


def test_the_chain_can_be_recomputed_from_the_rows(saver: Saver) -> None:
    account = booked(saver)
    with transaction():
        rows = fetch(
            "SELECT t.id, t.type, t.amount, t.date, t.occurred_at, t.recorded_at, t.balance_after, p.seq, p.hash"
            " FROM transactions t JOIN postings p ON p.transaction_id = t.id AND p.line = 1"
            " WHERE t.jar_id = %s ORDER BY p.seq",
            (account.jar_id,),
        )
        ((balance, head_seq, head_hash),) = fetch(
            "SELECT balance, head_seq, head_hash FROM ledger_accounts WHERE id = %s", (account.account_id,)
        )
    head = GENESIS
    for number, (id_, kind, amount, day, occurred_at, recorded_at, after, seq, hash_) in enumerate(rows, 1):
        signed = amount if kind in ("deposit", "interest", "bonus") else -amount
        digest = chain.digest(
            id_,
            saver.id,
            UUID(account.jar_id),
            kind,
            amount,
            day,
            chain.micros(occurred_at),
            chain.micros(recorded_at),
            after,
            None,
            [(account.account_id, signed), (COUNTERPARTS[kind], -signed)],
        )
        head = chain.link(head, account.account_id, number, after, digest)
        assert (seq, bytes(hash_)) == (number, head)
    assert (balance, head_seq, bytes(head_hash)) == (account.balance, account.seq, head)
    assert (account.balance, account.seq, account.head) == (0, 7, head)


def test_a_jar_never_goes_below_zero(saver: Saver) -> None:
    account = new_chain(saver)
    batch = Batch(RECORDED)
    batch.open(account)
    batch.book(account, "deposit", 100, day="2025-03-01", occurred_at=AT)
    before = (account.balance, account.seq, account.head)
    for kind in ("withdraw", "fee"):
        with pytest.raises(DomainError) as refusal:
            batch.book(account, kind, 101, day="2025-03-01", occurred_at=AT)
        assert refusal.value.code == "insufficient_funds"
    assert (account.balance, account.seq, account.head) == before
    batch.book(account, "withdraw", 100, day="2025-03-01", occurred_at=AT)
    run(batch.write)
    assert len(stored(account.jar_id)) == 4


@pytest.mark.parametrize("amount", [0, -5])
def test_a_movement_is_positive(saver: Saver, amount: int) -> None:
    with pytest.raises(ValueError):
        Batch(RECORDED).book(new_chain(saver), "deposit", amount, day="2025-03-01", occurred_at=AT)


def test_a_batch_can_be_written_again_after_a_rollback(saver: Saver) -> None:
    account = new_chain(saver)
    batch = Batch(RECORDED)
    batch.open(account)
    book_all(batch, account)

    def write_and_fail() -> None:
        batch.write()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(write_and_fail)
    assert stored(account.jar_id) == []
    run(batch.write)
    assert len(stored(account.jar_id)) == 2 * len(MOVEMENTS)


def test_a_later_batch_goes_on_with_the_chain(saver: Saver) -> None:
    account = booked(saver)
    batch = Batch(RECORDED)
    book_all(batch, account)
    run(batch.write)
    rows = stored(account.jar_id)
    assert [row[10] for row in rows if row[8] == 1] == list(range(1, 15))


def test_a_jar_that_moved_meanwhile_stops_the_batch(saver: Saver) -> None:
    account = booked(saver)
    stale = JarChain(account.account_id, account.user_id, account.jar_id, account.balance, account.seq, account.head)
    first, second = Batch(RECORDED), Batch(RECORDED)
    first.book(account, "deposit", 700, day="2025-04-01", occurred_at=AT)
    second.book(stale, "deposit", 900, day="2025-04-01", occurred_at=AT)
    run(first.write)
    with pytest.raises(DomainError) as refusal:
        run(second.write)
    assert refusal.value.code == "moved_meanwhile"
    assert stored(account.jar_id)[-1][11] is None
    assert stored(account.jar_id)[-2][11] == 700


def test_the_tables_guards_stay_on(saver: Saver) -> None:
    """A batch whose lines do not balance is refused by the database itself."""
    account = new_chain(saver)
    batch = Batch(RECORDED)
    batch.open(account)
    batch.book(account, "deposit", 700, day="2025-04-01", occurred_at=AT)
    batch._postings[0] = batch._postings[0].replace("\t-700\t", "\t-699\t")
    with pytest.raises(DBAPIError) as refusal:
        run(batch.write)
    assert isinstance(refusal.value.orig, errors.CheckViolation)
    assert stored(account.jar_id) == []


def test_any_text_is_copied_as_it_is(app: Flask) -> None:
    texts = ["a\tb\nc\\d\re", "\\N", "\\.", "", "₹ नमस्ते", None]
    with transaction():
        queue("CREATE TEMPORARY TABLE copied (number int, text text, day date, hash bytea) ON COMMIT DROP")
        copy_rows(
            "copied", ("number", "text", "day", "hash"), [(n, t, AT.date(), b"\0\xff") for n, t in enumerate(texts)]
        )
        copy_rows("copied", ("number", "text"), [(8, "a\0b"), (9, "a\udc80b")])
        rows = fetch("SELECT text, day, hash FROM copied ORDER BY number")
    assert [row[0] for row in rows] == [*texts, "a\N{REPLACEMENT CHARACTER}b", "a?b"]
    assert (rows[0][1], bytes(rows[0][2])) == (date(2025, 3, 1), b"\0\xff")
