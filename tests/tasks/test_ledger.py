from __future__ import annotations

from flask import Flask

from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from tests import factories


def test_a_seal_is_written_where_money_has_moved_and_only_once(tasks_app: Flask) -> None:
    saver = factories.make_saver(tasks_app)
    assert perform(JOBS["ledger.seal"]).state == "nothing"
    saver.deposit(saver.jar())
    assert perform(JOBS["ledger.seal"]).state == "done"
    assert perform(JOBS["ledger.seal"]).state == "nothing"
    saver.deposit(saver.jar())
    assert perform(JOBS["ledger.seal"]).state == "done"
