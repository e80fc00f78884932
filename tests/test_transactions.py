"""The one place that commits: what is queued, retried, translated, and what a broken connection answers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app import transactions
from app.errors import DomainError, Unavailable
from app.extensions import db
from app.transactions import Statement, after_commit, fetch, queue, run, start_over, transaction, unless_done
from devstack.stack import Stack
from devstack.temporary import temporary_stack
from tests import factories
from tests.conftest import app_settings, application, create_database, superuser_connection, upgrade
from tests.factories import Saver


@pytest.fixture
def table(app: Flask, superuser: Any) -> Iterator[str]:
    """A table of two rows that the application may write."""
    with superuser.cursor() as cursor:
        cursor.execute("CREATE TABLE tried (id int PRIMARY KEY, word text); INSERT INTO tried VALUES (1, ''), (2, '')")
        cursor.execute("GRANT ALL ON tried TO chhota_app")
    yield "tried"
    with superuser.cursor() as cursor:
        cursor.execute("DROP TABLE tried")


def words(superuser: Any) -> list[Any]:
    with superuser.cursor() as cursor:
        cursor.execute("SELECT id, word FROM tried ORDER BY id")
        return cursor.fetchall()


@pytest.mark.usefixtures("context")
def test_what_is_queued_goes_with_the_next_statement_or_the_commit(table: str, superuser: Any) -> None:
    with transaction():
        queue("UPDATE tried SET word = %s WHERE id = 1", ("100% 'quoted'; --",))
        assert fetch("SELECT word FROM tried WHERE id = 1") == [("100% 'quoted'; --",)]
        queue("UPDATE tried SET word = 'late' WHERE id = 2")
    assert words(superuser) == [(1, "100% 'quoted'; --"), (2, "late")]


@pytest.mark.usefixtures("context")
def test_what_raises_leaves_nothing_behind(table: str, superuser: Any) -> None:
    done = []
    with pytest.raises(RuntimeError), transaction():  # noqa: PT012
        fetch("UPDATE tried SET word = 'x' RETURNING 1")
        queue("UPDATE tried SET word = 'y'")
        after_commit(lambda: done.append(1))
        raise RuntimeError
    assert words(superuser) == [(1, ""), (2, "")]
    with transaction():
        fetch("SELECT 1")
    assert (words(superuser), done) == ([(1, ""), (2, "")], [])


@pytest.mark.usefixtures("context")
def test_work_after_the_commit_runs_once_and_its_faults_go_no_further(table: str, superuser: Any) -> None:
    seen: list[Any] = []

    def fails() -> None:
        raise RuntimeError

    with transaction():
        queue("UPDATE tried SET word = 'done'")
        after_commit(fails)
        after_commit(lambda: seen.append(words(superuser)))
    assert seen == [[(1, "done"), (2, "done")]]
    with transaction():
        fetch("SELECT 1")
    assert len(seen) == 1


ADD = Statement("tried_add", "INSERT INTO tried VALUES ($1, $2)", parameters=2)
CHANGE = Statement("tried_change", "UPDATE tried SET word = word || $2 WHERE id = $1", parameters=2)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("separately", [True, False])
def test_changes_that_go_with_the_commit_are_one_statement_and_do_the_same(
    table: str, superuser: Any, separately: bool
) -> None:
    with transaction():
        queue(ADD, (3, "three"))
        queue(CHANGE, (1, "one"))
        if separately:
            transactions.flush()
    assert words(superuser) == [(1, "one"), (2, ""), (3, "three")]


@pytest.mark.usefixtures("context")
def test_a_value_that_cannot_be_sent_costs_the_connection_no_statement(table: str, superuser: Any) -> None:
    """It stops what was being put together; the statement is then not there, and must not be taken for prepared."""
    fresh = Statement("tried_fresh", "UPDATE tried SET word = $1 WHERE id = 1", parameters=1)
    with transaction():
        fetch("SELECT 1")
    with pytest.raises(ValueError, match="NUL"), transaction():
        queue(fresh, ("a\0b",))
    with transaction():
        queue(fresh, ("sent",))
    assert words(superuser)[0] == (1, "sent")


@pytest.mark.usefixtures("context")
def test_two_changes_of_one_row_follow_each_other(table: str, superuser: Any) -> None:
    with transaction():
        queue(CHANGE, (1, "a"))
        queue(CHANGE, (1, "b"))
    assert words(superuser)[0] == (1, "ab")


@pytest.mark.usefixtures("context")
def test_what_was_done_before_is_answered_as_it_was(table: str, superuser: Any) -> None:
    def work() -> str:
        queue(CHANGE, (2, "undone"))
        queue(ADD, (1, "again"))
        unless_done("tried_pkey", lambda: str(fetch("SELECT count(*) FROM tried")[0][0]))
        return "first"

    assert run(work) == "2"
    assert words(superuser) == [(1, ""), (2, "")]


@pytest.mark.usefixtures("context")
def test_a_failure_that_was_swallowed_is_not_committed_as_if_nothing_were(table: str, superuser: Any) -> None:
    with pytest.raises(RuntimeError), transaction():  # noqa: PT012
        fetch("UPDATE tried SET word = 'lost' RETURNING 1")
        with contextlib.suppress(DBAPIError):
            fetch("SELECT 1/0")
    assert words(superuser) == [(1, ""), (2, "")]


@pytest.mark.usefixtures("context")
def test_the_orm_and_plain_sql_are_one_transaction(table: str, superuser: Any) -> None:
    with transaction():
        db.session.execute(text("UPDATE tried SET word = 'orm' WHERE id = 1"))
        assert fetch("SELECT word FROM tried WHERE id = 1") == [("orm",)]
        queue("UPDATE tried SET word = 'sql' WHERE id = 2")
        transactions.flush()
        assert db.session.execute(text("SELECT word FROM tried WHERE id = 2")).scalar() == "sql"
    assert words(superuser) == [(1, "orm"), (2, "sql")]
    with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
        db.session.execute(text("UPDATE tried SET word = 'undone'"))
        queue("UPDATE tried SET word = 'undone'")
        raise ZeroDivisionError
    assert words(superuser) == [(1, "orm"), (2, "sql")]


@pytest.mark.usefixtures("context")
def test_the_session_commits_and_rolls_back_by_itself_too(table: str, superuser: Any) -> None:
    db.session.execute(text("UPDATE tried SET word = 'kept' WHERE id = 1"))
    db.session.commit()
    db.session.execute(text("UPDATE tried SET word = 'undone' WHERE id = 2"))
    db.session.rollback()
    assert words(superuser) == [(1, "kept"), (2, "")]


def test_what_a_context_left_open_is_rolled_back_and_its_connection_is_free_again(
    app: Flask, table: str, superuser: Any
) -> None:
    for _ in range(20):
        with app.app_context():
            fetch("UPDATE tried SET word = 'left open' RETURNING 1")
    assert words(superuser) == [(1, ""), (2, "")]


@pytest.mark.usefixtures("context")
def test_starting_over_undoes_all_and_goes_on(table: str, superuser: Any) -> None:
    with transaction():
        queue("UPDATE tried SET word = 'undone'")
        with pytest.raises(DBAPIError):
            fetch("SELECT 1/0")
        start_over()
        queue("UPDATE tried SET word = 'after' WHERE id = 2")
    assert words(superuser) == [(1, ""), (2, "after")]


def test_a_deadlock_is_tried_again_and_nobody_sees_it(app: Flask, table: str, superuser: Any) -> None:
    both, tries = threading.Barrier(2, timeout=10), []

    def work(first: int, second: int) -> None:
        with app.app_context():

            def update() -> None:
                tries.append(first)
                fetch("UPDATE tried SET word = word || 'x' WHERE id = %s RETURNING 1", (first,))
                if tries.count(first) == 1:
                    both.wait()
                fetch("UPDATE tried SET word = word || 'x' WHERE id = %s RETURNING 1", (second,))

            run(update)

    threads = [threading.Thread(target=work, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert words(superuser) == [(1, "xx"), (2, "xx")]
    # One of the two was chosen, and did its work again; it may meet the other once more.
    assert 3 <= len(tries) <= 5


@pytest.mark.usefixtures("context")
def test_a_conflict_that_does_not_end_is_unavailable_not_a_fault(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []
    monkeypatch.setattr(transactions.random, "uniform", lambda *_: 0.0)

    def conflict() -> None:
        tries.append(1)
        fetch("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$")

    with pytest.raises(Unavailable):
        run(conflict)
    assert len(tries) == 4


@pytest.mark.usefixtures("context")
def test_a_statement_that_takes_too_long_is_unavailable(table: str) -> None:
    with pytest.raises(Unavailable), transaction():  # noqa: PT012
        queue("SET LOCAL statement_timeout = '50ms'")
        fetch("SELECT pg_sleep(5)")


@pytest.mark.usefixtures("context")
def test_a_named_constraint_is_its_refusal_and_others_are_faults(table: str) -> None:
    with pytest.raises(DomainError, match="insufficient_funds"), transaction():
        fetch(
            "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'check_violation',"
            " CONSTRAINT = 'ck_ledger_accounts_jar_not_below_zero'; END $$"
        )
    with pytest.raises(DBAPIError), transaction():
        queue("INSERT INTO tried VALUES (1, 'twice')")


def test_a_commit_whose_outcome_is_unknown_says_so(app: Flask, table: str, superuser: Any) -> None:
    with app.app_context(), pytest.raises(Unavailable) as refusal, transaction():  # noqa: PT012
        ((backend,),) = fetch("SELECT pg_backend_pid()")
        queue("UPDATE tried SET word = 'perhaps'")
        transactions.flush()
        with superuser.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (backend,))
    assert refusal.value.code == "outcome_unknown"
    with app.app_context(), transaction():
        assert fetch("SELECT 1") == [(1,)]


# ---- PostgreSQL goes away ----


def calls(saver: Saver, jar: str) -> list[Callable[[], Any]]:
    return [
        lambda: saver.get("/api/jars/"),
        lambda: saver.get(f"/api/jars/{jar}/transactions/"),
        lambda: saver.deposit(jar, "1"),
        lambda: saver.deposit(jar, "1", key="kept"),
        lambda: saver.app.test_client().post(
            "/api/login/", json={"email": saver.email, "password": factories.PASSWORD}
        ),
        lambda: saver.app.test_client().post(
            "/api/token/refresh/", headers={"Authorization": f"Bearer {saver.refresh_token}"}
        ),
    ]


def cut_off(app: Flask, stack: Stack) -> None:
    """End every connection that ``app`` has."""
    connection = superuser_connection(app, stack)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


@pytest.mark.parametrize("number", range(6))
def test_after_its_connections_are_cut_a_call_answers_and_the_next_one_works(
    new_app: Callable[..., Flask], stack: Stack, number: int
) -> None:
    app = new_app()
    saver = factories.make_saver(app)
    jar = saver.jar()
    call = calls(saver, jar)[number]
    assert call().status_code < 300
    cut_off(app, stack)
    answer = call()
    assert answer.status_code in {200, 201, 503}, answer.json
    if answer.status_code == 503:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
    assert call().status_code < 300


def test_while_postgresql_is_down_calls_are_503_and_after_it_they_work(
    new_app: Callable[..., Flask], stack: Stack
) -> None:

    with temporary_stack(["postgres"]) as own:
        settings = app_settings(stack) | app_settings(own)
        create_database(own, "restarted", None)
        with application(settings, "restarted") as app:
            with app.app_context():
                upgrade(app)
            saver = factories.make_saver(app)
            jar = saver.jar()
            before = saver.deposit(jar, "5", key="one")
            child = own.children["postgres"]
            child.ask_to_stop()
            child.finish_within_patience()
            for call in calls(saver, jar):
                answer = call()
                assert (answer.status_code, answer.json["status"]) == (503, 503), answer.json
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert int(answer.headers["Retry-After"]) > 0
            child.start()
            child.wait_ready()
            assert saver.deposit(jar, "5", key="one").data == before.data
            for call in calls(saver, jar):
                assert call().status_code < 300
            assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "7.00"
