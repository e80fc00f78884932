"""What the console's first page shows: counted ahead, equal to what is there, and read in four queries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app import transactions
from app.services.ops import checkpoints, loan_book
from app.services.ops.closing import close_days
from app.services.ops.console import figures
from app.services.ops.console.figures import Figures
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests import factories
from tests.conftest import Clock


@pytest.fixture
def own_app(new_app: Callable[..., Flask]) -> Flask:
    return new_app()


def counted(app: Flask, clock: Clock) -> Figures:
    with app.app_context():
        perform(JOBS["console.count"])
        return run(lambda: figures.read(today=clock.now().date(), now=datetime.now(UTC)))


def test_the_first_page_before_anything_has_happened(own_app: Flask, clock: Clock) -> None:
    with own_app.app_context():
        before = run(lambda: figures.read(today=clock.now().date(), now=datetime.now(UTC)))
    assert (before.counted, before.deposits.today.amount, before.ledger.checkpoint) == ({}, 0, None)
    after = counted(own_app, clock)
    assert {name: figure.value for name, figure in after.counted.items()} == dict.fromkeys(
        ("held", "locked", "lent", "owed", "savers", "active_savers", "streaks_at_risk", "loans_in_arrears", "arrears"),
        0,
    )
    assert after.machinery == figures.Machinery([], [], 0, 0, 0, None)
    assert after.model == figures.ModelState(None, None, None, None, None, [])


def test_what_moved_is_summed_by_day_and_type(own_app: Flask, clock: Clock) -> None:
    first, second = factories.make_saver(own_app), factories.make_saver(own_app, time_zone="Pacific/Auckland")
    for saver in (first, second):
        jar = saver.jar(plan_type="weekly", target_amount="50000")
        assert saver.deposit(jar, "100").status_code == 201
        clock.advance(days=7)
        assert saver.deposit(jar, "30.50").status_code == 201
        assert saver.withdraw(jar, "20").status_code == 201
        clock.advance(days=-7)
    clock.advance(days=7)
    found = counted(own_app, clock)
    today = clock.now().date()
    assert (found.deposits.today, found.deposits.week_ago) == (
        figures.DayTotal(today, 2, 6_100), figures.DayTotal(today - timedelta(days=7), 2, 20_000),
    )  # fmt: skip
    assert found.withdrawals.today == figures.DayTotal(today, 2, 4_000)
    assert (found.withdrawals.week_ago.count, len(found.deposits.days)) == (0, figures.CHARTED)
    assert [figure.value for name, figure in found.counted.items() if name in ("held", "savers", "active_savers")]
    values = {name: figure.value for name, figure in found.counted.items()}
    assert (values["held"], values["savers"], values["active_savers"]) == (22_100, 2, 2)
    # A few minutes later another: those days are counted anew, and what goes through all savers is not.
    assert first.deposit(first.jar(), "5").status_code == 201
    clock.advance(minutes=5)
    later = counted(own_app, clock)
    assert later.deposits.today == figures.DayTotal(today, 3, 6_600)
    assert later.counted["held"].as_of == clock.now()
    assert later.counted["active_savers"].as_of == clock.now() - timedelta(minutes=5)
    clock.advance(days=31)
    assert counted(own_app, clock).counted["active_savers"].value == 0


def test_streaks_at_risk_are_those_that_their_savers_are_shown(own_app: Flask, clock: Clock) -> None:
    for plan, zone, again in (
        ("daily", "Asia/Kolkata", False), ("daily", "America/New_York", False), ("daily", "Asia/Kolkata", True),
        ("weekly", "Asia/Kolkata", False), ("monthly", "Asia/Kolkata", False), ("flexible", "Asia/Kolkata", False),
    ):  # fmt: skip
        saver = factories.make_saver(own_app, time_zone=zone)
        jar = saver.jar(plan_type=plan)
        assert saver.deposit(jar, "10").status_code == 201
        clock.advance(days=1)
        if again:
            assert saver.deposit(jar, "10").status_code == 201
        clock.advance(days=-1)
    savers = []
    with own_app.app_context():
        savers = [user for (user,) in run(lambda: fetch("SELECT id FROM users"))]
    assert len(savers) == 6
    for days, expected in ((1, 2), (4, 0)):
        clock.advance(days=days)
        with own_app.app_context():
            close_days(clock.now())
        assert counted(own_app, clock).counted["streaks_at_risk"].value == expected


def test_arrears_are_those_of_the_loan_book(own_app: Flask, clock: Clock) -> None:
    for _ in range(2):
        saver = factories.make_saver(own_app)
        factories.lend(saver, saver.jar(), clock.now())
    assert counted(own_app, clock).counted["loans_in_arrears"].value == 0
    clock.advance(days=70)
    found = counted(own_app, clock).counted
    with own_app.app_context():
        late = run(lambda: loan_book.listed(status=None, late=True, at=clock.now()))
    assert found["loans_in_arrears"].value == len(late) == 2
    assert found["arrears"].value == sum(loan.late for loan in late) > 0
    assert (found["locked"].value, found["lent"].value) == (980_000, 1_000_000)  # a fee is kept back


def test_what_fails_waits_or_was_sealed_shows_at_once(
    own_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = factories.make_saver(own_app)
    saver.deposit(saver.jar(), "10")
    saver.upload("/api/kyc-upload/", document_type="pan")
    saver.post("/api/support-requests/", {"subject": "My score", "text": "A week is missing."})
    now = datetime.now(UTC)
    with own_app.app_context():
        run(lambda: checkpoints.seal(at=clock.now()))
        run(lambda: queue("INSERT INTO job_marks (kind, ran_at, outcome, took_ms) VALUES ('a.job', %s, 'failed', 1)",
                          (now,)))  # fmt: skip
        run(lambda: queue("INSERT INTO job_runs (id, kind, status, created_at, heartbeat_at) VALUES"
                          " (gen_random_uuid(), 'b.job', 'running', %(at)s, %(at)s)",
                          {"at": now - timedelta(minutes=2)}))  # fmt: skip
        run(lambda: queue("UPDATE outbox SET available_at = %s", (now - timedelta(minutes=3),)))
        sent = []
        send = transactions._send
        monkeypatch.setattr(transactions, "_send", lambda *work, **more: sent.append(1) or send(*work, **more))
        found = run(lambda: figures.read(today=clock.now().date() + timedelta(days=8), now=now))
    assert len(sent) - 1 <= 4  # and the COMMIT
    assert found.waiting == figures.Waiting(papers=1, requests=1, late=1, reversals=0)
    assert (found.machinery.failed, found.machinery.stuck) == (["a.job"], ["b.job"])
    assert found.machinery.outbox_waiting > 0
    assert found.machinery.oldest == timedelta(minutes=3)
    assert (found.ledger.checkpoint, found.ledger.sealed_at, found.ledger.stored) == (1, clock.now(), True)
    assert found.ledger.verified_at is None
