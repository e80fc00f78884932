"""The audit log: what is done to it behind its back shows, at its tail too; verifying takes bounded memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.ledger.verify import Finding, verify
from app.services.audit import log
from app.services.ops.checkpoints import seal, verify_copies
from app.transactions import fetch, run, transaction
from tests import factories
from tests.conftest import superuser_connection

AT = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
ENTRIES = 12


@pytest.fixture
def kept(new_app: Callable[..., Flask]) -> Iterator[Flask]:
    """A database of its own with a log of twelve entries, not yet sealed."""
    app = new_app()
    with app.app_context():
        # Its own chain of checkpoints in the object store, which tests share: no two logs are the same.
        run(lambda: [log.record("tested", subject_type="user", subject_id=uuid4(), at=AT) for _ in range(ENTRIES)])
        yield app


def findings() -> list[str]:
    return run(lambda: list(log.verify()))


def copies() -> list[Finding]:
    with transaction():
        return list(verify_copies())


def unguarded(app: Flask, stack: Any) -> Any:
    cursor = superuser_connection(app, stack).cursor()
    cursor.execute("SET session_replication_role = replica")
    return cursor


EDITS = (
    "UPDATE audit_log SET at = at + interval '1 microsecond' WHERE id = %s",
    "UPDATE audit_log SET actor_id = gen_random_uuid() WHERE id = %s",
    "UPDATE audit_log SET actor = 'admin' WHERE id = %s",
    "UPDATE audit_log SET action = 'nothing' WHERE id = %s",
    "UPDATE audit_log SET subject_type = 'jar' WHERE id = %s",
    "UPDATE audit_log SET subject_id = 'x' WHERE id = %s",
    "UPDATE audit_log SET details = '{\"a\": 1}' WHERE id = %s",
    "UPDATE audit_log SET request_id = 'r' WHERE id = %s",
    "UPDATE audit_log SET hash = decode(repeat('ab', 32), 'hex') WHERE id = %s",
    "UPDATE audit_log SET id = id + 100 WHERE id = %s",
    "DELETE FROM audit_log WHERE id = %s",
)


def test_every_edit_of_every_column_shows_first_middle_and_last(kept: Flask, stack: Any) -> None:
    assert findings() == []
    cursor, silent = unguarded(kept, stack), []
    for edit in EDITS:
        for entry in (1, 6, ENTRIES):
            cursor.execute("CREATE TEMP TABLE before AS TABLE audit_log")
            cursor.execute(edit, (entry,))
            assert cursor.rowcount == 1
            if not findings():
                silent.append((edit, entry))
            cursor.execute("DELETE FROM audit_log; INSERT INTO audit_log TABLE before; DROP TABLE before")
    assert silent == []
    assert findings() == []
    cursor.execute("UPDATE audit_head SET last_id = last_id - 1")
    assert findings() == ["audit log: it ends at entry 12, its head says 11"]


def cut(cursor: Any, last: int) -> None:
    """Take all entries after ``last`` away, and have the head say so."""
    cursor.execute("DELETE FROM audit_log WHERE id > %s", (last,))
    cursor.execute(
        "UPDATE audit_head h SET last_id = a.id, last_hash = a.hash FROM audit_log a WHERE a.id = %s", (last,)
    )


def test_a_tail_taken_away_with_the_head_rewritten_breaks_the_seal(kept: Flask, stack: Any) -> None:
    assert run(lambda: seal(at=AT)) == 1
    assert run(lambda: seal(at=AT)) is None
    cut(unguarded(kept, stack), 9)
    assert findings() == ["audit log: entry 12, sealed by checkpoint 1, is gone"]
    # Written anew up to the same number, it is not what was sealed.
    run(lambda: [log.record("tested", subject_type="user", subject_id="other", at=AT) for _ in range(3)])
    assert findings() == ["audit log: entry 12 is not what checkpoint 1 sealed"]


def test_whoever_rewrites_the_checkpoints_too_is_found_by_the_object_store(kept: Flask, stack: Any) -> None:
    run(lambda: seal(at=AT))
    run(lambda: log.record("betrayed", subject_type="user", subject_id="1", at=AT))
    assert run(lambda: seal(at=AT)) == 2
    assert copies() == []
    cursor = unguarded(kept, stack)
    cut(cursor, ENTRIES)
    cursor.execute("DELETE FROM ledger_checkpoints WHERE id = 2")
    cursor.execute("UPDATE ledger_sealed_heads SET seq = %s", (ENTRIES,))
    assert findings() == []  # the database alone is whole
    (found,) = copies()
    assert found.code == "copy_disowned"
    assert "number 13" in found.detail


def test_a_copy_whose_checkpoint_never_committed_is_no_finding(kept: Flask) -> None:
    run(lambda: seal(at=AT))
    run(lambda: log.record("tested", subject_type="user", subject_id="1", at=AT))

    def dies() -> None:
        assert seal(at=AT) == 2
        raise RuntimeError("the process died before the commit")

    with pytest.raises(RuntimeError):
        run(dies)
    assert copies() == []
    assert run(lambda: seal(at=AT)) == 2
    assert copies() == []


def test_the_ledgers_own_verification_knows_the_logs_head(kept: Flask) -> None:
    saver = factories.make_saver(kept)
    saver.deposit(saver.jar())
    run(lambda: seal(at=AT))
    with transaction():
        assert list(verify()) == []


def test_an_entry_leaves_with_what_it_records(kept: Flask) -> None:
    def fails() -> None:
        log.record("undone", subject_type="user", subject_id="1", at=AT)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run(fails)
    assert run(lambda: fetch("SELECT count(*) FROM audit_log WHERE action = 'undone'")) == [(0,)]
    assert findings() == []


def test_who_looked_at_whose_data(kept: Flask) -> None:
    staff, saver = factories.make_staff(kept, "support"), factories.make_saver(kept)
    run(lambda: log.looked_at(staff.id, "support", "user", saver.id, what="profile", at=AT))
    assert run(
        lambda: fetch("SELECT actor_id, actor, action, details FROM audit_log WHERE subject_id = %s", (str(saver.id),))
    ) == [(staff.id, "support", "looked_at", {"what": "profile"})]


def test_verifying_takes_the_memory_of_a_batch_not_of_the_log(kept: Flask, stack: Any) -> None:
    """A hundred thousand entries, whose links do not hold: each is looked at, none is kept."""
    cursor = unguarded(kept, stack)
    cursor.execute(
        "INSERT INTO audit_log SELECT 100 + n, now(), NULL, 'system', 'filled', 'user', n::text, '{\"a\": 1}', NULL,"
        " decode(repeat('00', 32), 'hex') FROM generate_series(1, 100000) n"
    )

    def count() -> int:
        return sum(1 for _ in log.verify())

    tracemalloc.start()
    try:
        assert run(count) >= 100_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16_000_000
