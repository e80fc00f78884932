"""`verify` finds whatever was done to the ledger behind its back, and nothing where nothing was."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app import clock
from app.extensions import db
from app.ledger.verify import Finding, verify
from app.services.ops.checkpoints import seal, verify_copies
from app.transactions import run, transaction
from devstack.stack import Stack
from tests import factories
from tests.conftest import superuser_connection


def findings(app: Flask) -> list[Finding]:
    """What does not hold in the database of ``app``."""
    with app.app_context(), transaction():
        return list(verify())


@pytest.fixture
def books(new_app: Callable[..., Flask]) -> Flask:
    """A database of its own with 12 jars of 10 movements each."""
    app = new_app()
    for _ in range(6):
        saver = factories.make_saver(app)
        for _ in range(2):
            jar = saver.jar()
            for number in range(10):
                call = saver.withdraw if number % 4 == 3 else saver.deposit
                assert call(jar, f"{20 + number}.50", note=f"movement {number}").status_code == 201
    return app


def unguarded(app: Flask, stack: Stack) -> Any:
    """A superuser's cursor with every trigger off."""
    cursor = superuser_connection(app, stack).cursor()
    cursor.execute("SET session_replication_role = replica")
    return cursor


def test_a_sound_ledger_has_no_finding_and_tells_its_progress(books: Flask) -> None:
    told: list[int] = []
    with books.app_context(), transaction():
        assert list(verify(told.append)) == []
    assert sum(told) == 120


TRANSACTION_EDITS = (
    "UPDATE transactions SET amount = amount + 1 WHERE id = %s",
    "UPDATE transactions SET type = 'bonus' WHERE id = %s",
    "UPDATE transactions SET date = date - 1 WHERE id = %s",
    "UPDATE transactions SET occurred_at = occurred_at - interval '1 microsecond' WHERE id = %s",
    "UPDATE transactions SET recorded_at = recorded_at + interval '1 day' WHERE id = %s",
    "UPDATE transactions SET balance_after = balance_after + 100 WHERE id = %s",
    "UPDATE transactions SET user_id = (SELECT id FROM users WHERE id <> transactions.user_id LIMIT 1) WHERE id = %s",
    "UPDATE transactions SET jar_id = (SELECT id FROM savings_jars WHERE id <> transactions.jar_id LIMIT 1)"
    " WHERE id = %s",
    "UPDATE transactions SET posting_count = 3 WHERE id = %s",
    "DELETE FROM transactions WHERE id = %s",
    "DELETE FROM postings WHERE transaction_id = %s",
    "DELETE FROM postings WHERE transaction_id = %s AND line = 1",
    "DELETE FROM postings WHERE transaction_id = %s AND line = 2",
    "UPDATE postings SET amount = amount + 1 WHERE transaction_id = %s AND line = 1",
    "UPDATE postings SET amount = amount - 1 WHERE transaction_id = %s AND line = 2",
    "UPDATE postings SET amount = amount * 2 WHERE transaction_id = %s",
    "UPDATE postings SET account_id = '00000000-0000-0000-0000-000000000004' WHERE transaction_id = %s AND line = 2",
    "UPDATE postings SET account_id = (SELECT id FROM ledger_accounts WHERE kind = 'jar' AND id <> account_id LIMIT 1),"
    " seq = 999 WHERE transaction_id = %s AND line = 1",
    "UPDATE postings SET balance_after = balance_after + 1 WHERE transaction_id = %s AND line = 1",
    "UPDATE postings SET hash = decode(repeat('ab', 32), 'hex') WHERE transaction_id = %s AND line = 1",
    "UPDATE postings SET seq = NULL, hash = NULL, balance_after = NULL WHERE transaction_id = %s AND line = 1",
)


ACCOUNT_EDITS = (
    "UPDATE ledger_accounts SET balance = balance + 1 WHERE id = %s",
    "UPDATE ledger_accounts SET head_hash = decode(repeat('00', 32), 'hex') WHERE id = %s",
    "UPDATE ledger_accounts SET head_seq = head_seq - 1 WHERE id = %s",
    "UPDATE savings_jars SET current_amount = current_amount + 1 WHERE id = (SELECT jar_id FROM ledger_accounts"
    " WHERE id = %s)",
    "DELETE FROM ledger_accounts WHERE id = %s",
)


def test_every_kind_of_edit_shows_at_the_head_in_the_middle_and_at_the_tail(books: Flask, stack: Stack) -> None:
    """68 direct edits and deletes by a superuser, each alone and then undone: 68 times `verify` speaks."""
    cursor = unguarded(books, stack)
    cursor.execute(
        "SELECT array_agg(transaction_id ORDER BY seq), account_id FROM postings WHERE seq IS NOT NULL"
        " GROUP BY account_id LIMIT 1"
    )
    ((chain, account),) = cursor.fetchall()
    edits = [(edit, chain[place]) for edit in TRANSACTION_EDITS for place in (0, 4, 9)]
    edits += [(edit, account) for edit in ACCOUNT_EDITS]
    assert len(edits) >= 50
    silent = []
    for edit, subject in edits:
        snapshot = _copy_of_the_ledger(cursor)
        cursor.execute(edit, (subject,))
        assert cursor.rowcount >= 1, edit
        if not findings(books):
            silent.append(edit)
        _restore(cursor, snapshot)
    assert silent == []
    assert findings(books) == []


def test_fifty_edits_at_once_are_all_found(books: Flask, stack: Stack) -> None:
    cursor = unguarded(books, stack)
    cursor.execute(
        "SELECT array_agg(transaction_id ORDER BY seq) FROM postings WHERE seq IS NOT NULL GROUP BY account_id"
    )
    chains = [row[0] for row in cursor.fetchall()]
    # Five of the ten links of ten chains, the tail among them.
    victims = [chain[place] for chain in chains[:10] for place in (1, 3, 5, 7, 9)]
    for number, victim in enumerate(victims):
        edit = (
            "UPDATE transactions SET date = date - 1 WHERE id = %s"
            if number % 2
            else "UPDATE postings SET amount = amount + CASE line WHEN 1 THEN 5 ELSE -5 END WHERE transaction_id = %s"
        )
        cursor.execute(edit, (victim,))
    named = {finding.subject for finding in findings(books)}
    assert {f"transaction {victim}" for victim in victims} <= named
    assert len(victims) == 50


def test_a_chain_rewritten_to_its_head_still_breaks_the_seal(books: Flask, stack: Stack) -> None:
    with books.app_context():
        number = run(lambda: seal(at=clock.now()))
        assert number == 1
        stored = books.extensions["object_store"].get(_object_key(books))
    cursor = unguarded(books, stack)
    cursor.execute("SELECT id, head_seq FROM ledger_accounts WHERE kind = 'jar' AND head_seq > 0 LIMIT 1")
    ((account, head_seq),) = cursor.fetchall()
    assert f"{account} {head_seq} " in gzip.decompress(stored).decode()
    # The tail goes, and the head, the balance and the jar are brought into line with what is left.
    cursor.execute("SELECT transaction_id FROM postings WHERE account_id = %s AND seq = %s", (account, head_seq))
    ((victim,),) = cursor.fetchall()
    cursor.execute("DELETE FROM postings WHERE transaction_id = %s", (victim,))
    cursor.execute("DELETE FROM transactions WHERE id = %s", (victim,))
    cursor.execute(
        "UPDATE ledger_accounts a SET head_seq = p.seq, head_hash = p.hash, balance = p.balance_after FROM postings p"
        " WHERE a.id = %s AND p.account_id = a.id AND p.seq = %s",
        (account, head_seq - 1),
    )
    cursor.execute(
        "UPDATE savings_jars j SET current_amount = a.balance FROM ledger_accounts a"
        " WHERE a.id = %s AND j.id = a.jar_id",
        (account,),
    )
    assert [finding.code for finding in findings(books)] == ["seal_broken"]


def test_a_checkpoint_that_was_changed_or_taken_away_shows(books: Flask, stack: Stack) -> None:
    with books.app_context():
        run(lambda: seal(at=clock.now()))
        assert run(lambda: seal(at=clock.now())) is None  # nothing moved since
    saver = factories.make_saver(books)
    saver.deposit(saver.jar())
    with books.app_context():
        assert run(lambda: seal(at=clock.now())) == 2
    cursor = unguarded(books, stack)
    snapshot = _copy_of_the_ledger(cursor)
    cursor.execute("UPDATE ledger_checkpoints SET heads = %s WHERE id = 2", (gzip.compress(b""),))
    assert "checkpoint_broken" in {finding.code for finding in findings(books)}
    _restore(cursor, snapshot)
    cursor.execute("DELETE FROM ledger_checkpoints WHERE id = 1")
    assert "checkpoint_missing" in {finding.code for finding in findings(books)}


def _object_key(app: Flask) -> str:
    with app.app_context():
        key: str = db.session.execute(db.text("SELECT object_key FROM ledger_checkpoints")).scalar_one()
        db.session.rollback()
    return key


TABLES = ("transactions", "postings", "ledger_accounts", "savings_jars", "ledger_checkpoints")


def _copy_of_the_ledger(cursor: Any) -> str:
    for table in TABLES:
        cursor.execute(f"CREATE TEMP TABLE kept_{table} AS TABLE {table}")
    return "kept"


def _restore(cursor: Any, prefix: str) -> None:
    for table in TABLES:
        cursor.execute(
            f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {prefix}_{table}; DROP TABLE {prefix}_{table}"
        )


def test_a_copy_in_the_object_store_that_differs_or_is_gone_shows(books: Flask) -> None:
    with books.app_context():
        run(lambda: seal(at=clock.now()))
        key = _object_key(books)
        with transaction():
            assert list(verify_copies()) == []
        books.extensions["object_store"].put(key, b"something else", "application/gzip")
        with transaction():
            assert [finding.code for finding in verify_copies()] == ["copy_differs"]
