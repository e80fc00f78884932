"""On Monday each saver hears of the week before, once, in figures that the history bears out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask

from app.periods import Period
from app.services.ops import local_hours, reversals
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.savings.weeks import closed_in
from app.transactions import fetch, queue, run
from tests import factories
from tests.conftest import Clock
from tests.services.ops.test_reminders import at


@pytest.fixture(autouse=True)
def alone(new_app: Callable[..., Flask], clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application whose savers nobody else makes, on a Monday."""
    clock.set(at("2026-01-19", 9))
    monkeypatch.setattr(local_hours, "CHUNK", 2)
    app = new_app()
    with app.app_context():
        yield app


def send(clock: Clock, when: Any) -> int:
    clock.set(when)
    return perform(JOBS["savings.digest"]).done


def digests() -> list[dict[str, Any]]:
    rows = run(lambda: fetch("SELECT facts FROM notifications WHERE kind = 'weekly_digest' ORDER BY created_at, id"))
    return [facts for (facts,) in rows]


def test_a_week_is_told_on_monday_morning(alone: Flask, clock: Clock) -> None:
    saver = factories.make_saver(alone)
    daily, weekly, old = saver.jar(), saver.jar(plan_type="weekly"), saver.jar()
    for day in (19, 20, 22, 23, 24, 25):
        clock.set(at(date(2026, 1, day), 9))
        saver.deposit(daily, "10")
    saver.deposit(weekly, "500")
    saver.withdraw(daily, "20")
    taken_back = saver.deposit(daily, "7").json["transaction"]["id"]
    admin = factories.make_staff(alone)
    run(lambda: reversals.reverse(taken_back, reason="twice", by=admin.id, second=None, at=clock.now()))
    assert saver.call("DELETE", f"/api/jars/{old}/").status_code == 204
    assert send(clock, at("2026-01-26", 7.9)) == 0
    assert send(clock, at("2026-01-26", 8)) == 1
    assert digests() == [
        {
            "week_start": "2026-01-19",
            "saved": 56_000,
            "deposits": 7,
            # The twenty down on Sunday left that day unmet, as the one without a deposit was; the week's is still open.
            "kept": 5,
            "asked": 7 + 6,  # the closed jar was asked for six days
            "streak": 1,
            "unit": "weeks",
            "total": 54_000,
        }
    ]
    assert send(clock, at("2026-01-26", 12)) == 0
    run(lambda: queue("DELETE FROM job_marks"))
    assert send(clock, at("2026-01-26", 13)) == 0
    assert len(digests()) == 1


def test_only_savers_with_a_jar_that_is_open_hear(alone: Flask, clock: Clock) -> None:
    factories.make_saver(alone)
    closed = factories.make_saver(alone)
    assert closed.call("DELETE", f"/api/jars/{closed.jar()}/").status_code == 204
    for _ in range(5):
        factories.make_saver(alone).jar(plan_type="flexible")
    assert send(clock, at("2026-01-26", 8)) == 5
    assert {(each["saved"], each["asked"], each["streak"], each["unit"]) for each in digests()} == {(0, 0, 0, "days")}


def test_a_late_run_is_of_use_on_monday_only(alone: Flask, clock: Clock) -> None:
    factories.make_saver(alone).jar()
    assert send(clock, at("2026-01-27", 1)) == 0
    assert send(clock, at("2026-02-02", 20)) == 1
    assert [each["week_start"] for each in digests()] == ["2026-01-26"]


@pytest.mark.parametrize("seed", range(4))
def test_the_tallies_and_the_history_say_the_same(alone: Flask, clock: Clock, seed: int) -> None:
    """One of two equal savers has the figures from the tallies, of the other the days are closed too far."""
    random = Random(seed)
    twins = [factories.make_saver(alone) for _ in range(2)]
    jars = []
    for _ in range(3):
        values = {
            "plan_type": random.choice(["daily", "weekly", "monthly"]),
            "installment_amount": random.choice([None, "20"]),
            "target_amount": random.choice(["300", "100000"]),
        }
        jars.append([saver.jar(**values) for saver in twins])
    for number in range(28):
        clock.set(at(date(2026, 1, 19) + timedelta(days=number), 9))
        for pair in jars:
            if random.random() < 0.6:
                amount = random.choice(["5", "20", "50"])
                for saver, jar in zip(twins, pair, strict=True):
                    saver.deposit(jar, amount)
    monday = date(2026, 2, 16)
    clock.set(at(monday, 1))
    perform(JOBS["gamification.close_days"])
    run(lambda: queue("UPDATE saver_habits SET closed_through = %s WHERE user_id = %s", (monday, twins[1].id)))
    assert send(clock, at(monday, 8)) == 2
    first, second = digests()
    assert first == second
    week = Period(monday - timedelta(days=7), monday - timedelta(days=1))
    assert run(lambda: closed_in(twins[0].id, week)) == (first["kept"], first["asked"])
    assert first["asked"] > 0
