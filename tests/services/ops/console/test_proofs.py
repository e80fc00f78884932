"""The proof of one entry: it follows, those after it follow, and a checkpoint holds where they lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.errors import NotFound
from app.services.audit import log as audit
from app.services.ops import checkpoints
from app.services.ops.console import proofs
from app.transactions import run
from tests.conftest import Clock, superuser_connection


@pytest.fixture
def own_app(new_app: Callable[..., Flask], clock: Clock) -> Any:
    app = new_app()
    with app.app_context():
        yield app


def write(clock: Clock, count: int) -> None:
    for number in range(count):
        run(lambda number=number: audit.record("seen", subject_type="user", subject_id=number, at=clock.now()))
        clock.advance(minutes=1)


def test_an_entry_is_followed_to_the_checkpoint_that_sealed_it(own_app: Flask, clock: Clock) -> None:
    write(clock, 3)
    alone = run(lambda: proofs.prove(2))
    assert (alone.holds, alone.followed, alone.unbroken, alone.sealed_by) == (True, 1, True, None)
    run(lambda: checkpoints.seal(at=clock.now()))
    clock.advance(minutes=1)
    write(clock, 2)
    proof = run(lambda: proofs.prove(1))
    assert (proof.holds, proof.followed, proof.unbroken) == (True, 2, True)
    assert (proof.sealed_by, proof.sealed_entry, proof.seal_holds) == (1, 3, True)
    assert proof.previous == "00" * 32
    assert run(lambda: proofs.prove(3)).followed == 0
    assert run(lambda: proofs.prove(4)).sealed_by is None
    assert list(audit.verify()) == []
    with pytest.raises(NotFound):
        run(lambda: proofs.prove(6))


def test_what_was_changed_behind_the_logs_back_shows_at_the_entry(own_app: Flask, clock: Clock, stack: Any) -> None:
    write(clock, 3)
    run(lambda: checkpoints.seal(at=clock.now()))
    cursor = superuser_connection(own_app, stack).cursor()
    cursor.execute("SET session_replication_role = replica")
    for sql, shows in (
        ("UPDATE audit_log SET action = 'nothing' WHERE id = 1", lambda one: not one.holds),
        ("DELETE FROM audit_log WHERE id = 2", lambda one: not one.unbroken),
        ("UPDATE audit_log SET subject_id = 'x' WHERE id = 3", lambda one: not one.unbroken),
        ("UPDATE audit_log SET hash = decode(repeat('ab', 32), 'hex') WHERE id = 3", lambda one: not one.seal_holds),
        ("DELETE FROM audit_log WHERE id = 3", lambda one: one.seal_holds is False),
    ):
        cursor.execute("CREATE TEMP TABLE before AS TABLE audit_log")
        cursor.execute(sql)
        cursor.connection.commit()
        assert shows(run(lambda: proofs.prove(1))), sql
        cursor.execute("DELETE FROM audit_log")
        cursor.execute("INSERT INTO audit_log SELECT * FROM before")
        cursor.execute("DROP TABLE before")
        cursor.connection.commit()
    whole = run(lambda: proofs.prove(1))
    assert (whole.holds, whole.unbroken, whole.seal_holds) == (True, True, True)


def test_no_more_links_are_followed_than_a_page_can_wait_for(
    own_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(clock, 5)
    run(lambda: checkpoints.seal(at=clock.now()))
    monkeypatch.setattr(proofs, "MOST_LINKS", 2)
    proof = run(lambda: proofs.prove(1))
    assert (proof.followed, proof.unbroken, proof.sealed_entry, proof.seal_holds) == (2, True, 5, None)
    assert run(lambda: proofs.prove(3)).seal_holds
