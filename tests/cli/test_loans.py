from __future__ import annotations

from uuid import uuid4

from flask import Flask

from app.transactions import fetch, run
from tests.cli.conftest import command_of
from tests.conftest import Clock
from tests.factories import make_borrower, make_loan


def test_the_loan_book_is_listed_shown_and_verified(new_app, clock: Clock) -> None:
    app: Flask = new_app()
    flask, saver = command_of(app), make_borrower(app, clock)
    assert flask("loans", "list").stdout == "There is no such loan.\n"
    loan = make_loan(saver)
    (line,) = flask("loans", "list").stdout.splitlines()
    assert line.split()[:4] == [loan, "saver", str(saver.id), "accepted"]
    assert line.endswith("20000.00 over 24 months  owed 20000.00")
    assert flask("loans", "list", "--late").stdout == "There is no such loan.\n"
    clock.advance(days=31)
    assert saver.post(f"/api/loans/{loan}/repay/", {"amount": "100"}).status_code == 201
    (late,) = flask("loans", "list", "--late").stdout.splitlines()
    assert late.endswith("overdue 869.73 since 2026-10-23")
    shown = flask("loans", "show", loan).stdout
    for words in (
        "active, saver",
        "20000.00 over 24 months at 15.00 % (APR 17.07 %), fee 400.00, instalment 969.73, policy loan-1",
        "owed 20000.00, overdue 869.73 for 1 days",
        " 1  2026-10-23  principal 719.73, interest 250.00: open 869.73",
        "repayment 100.00: principal 0.00, interest 100.00, late charges 0.00",
        "  yes  score: Your score is",
    ):
        assert words in shown, words
    with app.app_context():
        looked = run(lambda: fetch("SELECT subject_id, actor FROM audit_log WHERE action = 'loan_read'"))
    assert looked == [(loan, "operator")]
    missing = flask("loans", "show", str(uuid4()))
    assert (missing.exit_code, missing.stderr) == (1, "Error: There is no such loan.\n")
    assert flask("ledger", "verify", "--quiet").exit_code == 0
