from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from flask import Flask

from app.errors import DomainError
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from tests import factories
from tests.conftest import superuser_connection

if TYPE_CHECKING:
    from devstack.stack import Stack


def test_a_seal_is_written_where_money_has_moved_and_only_once(tasks_app: Flask) -> None:
    saver = factories.make_saver(tasks_app)
    assert perform(JOBS["ledger.seal"]).state == "nothing"
    saver.deposit(saver.jar())
    assert perform(JOBS["ledger.seal"]).state == "done"
    assert perform(JOBS["ledger.seal"]).state == "nothing"
    saver.deposit(saver.jar())
    assert perform(JOBS["ledger.seal"]).state == "done"


def test_what_does_not_hold_fails_the_nights_run_and_is_noted(tasks_app: Flask, stack: Stack) -> None:
    saver = factories.make_saver(tasks_app)
    saver.deposit(saver.jar())
    assert perform(JOBS["ledger.verify"]).state == "done"
    connection = superuser_connection(tasks_app, stack)
    with connection.cursor() as cursor:
        cursor.execute("SELECT details FROM audit_log WHERE action = 'ledger_verified' ORDER BY id DESC LIMIT 1")
        assert cursor.fetchone() == ({"findings": 0, "postings": 1},)
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE postings SET amount = amount * 2 WHERE seq IS NOT NULL")
        with pytest.raises(DomainError, match="findings in 1 postings"):
            perform(JOBS["ledger.verify"])
        cursor.execute("SELECT details FROM audit_log WHERE action = 'ledger_verified' ORDER BY id DESC LIMIT 1")
        ((details,),) = cursor.fetchall()
        cursor.execute("SELECT error FROM job_runs WHERE kind = 'ledger.verify' ORDER BY id DESC LIMIT 1")
        ((error,),) = cursor.fetchall()
    connection.close()
    assert details["findings"] > 0
    assert error == "DomainError: ledger_findings"
