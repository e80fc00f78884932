"""Streaks, days and caps through the API, with a clock that moves: midnight, month ends, a change of zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.periods import Plan
from app.services.gamification.habit import from_history
from app.services.gamification.streaks import JarTerms, Movement
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def streak(saver: Saver, jar: str) -> int:
    count: int = saver.get(f"/api/jars/{jar}/").json["jar"]["streak_count"]
    return count


def test_the_day_changes_at_half_past_six_in_the_evening_in_utc(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    clock.set(at("2026-07-15T18:29:59.999"))
    last = saver.deposit(jar, "5").json
    clock.set(at("2026-07-15T18:30:00"))
    first = saver.deposit(jar, "5").json
    assert (last["transaction"]["date"], last["transaction"]["occurred_at"]) == (
        "2026-07-15", "2026-07-15T18:29:59.999Z",
    )  # fmt: skip
    assert (first["transaction"]["date"], first["transaction"]["occurred_at"]) == (
        "2026-07-16", "2026-07-15T18:30:00.000Z",
    )  # fmt: skip
    assert (last["jar"]["streak_count"], first["jar"]["streak_count"]) == (1, 2)


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("America/New_York", "2026-03-08T04:59:59.999", "2026-03-08T05:00:00"),  # a day of 23 hours begins
        ("America/New_York", "2026-03-09T03:59:59.999", "2026-03-09T04:00:00"),  # and ends
        ("America/New_York", "2026-11-02T04:59:59.999", "2026-11-02T05:00:00"),  # a day of 25 hours ends
        ("Australia/Lord_Howe", "2026-04-04T12:59:59.999", "2026-04-04T13:00:00"),
        ("Pacific/Apia", "2026-02-28T10:59:59.999", "2026-02-28T11:00:00"),
        ("Asia/Kolkata", "2028-02-28T18:29:59.999", "2028-02-28T18:30:00"),  # 29 February begins
    ],
)
def test_a_millisecond_each_side_of_midnight_is_two_days(
    app: Flask, clock: Clock, zone: str, before: str, after: str
) -> None:
    clock.set(at(before))
    saver = factories.make_saver(app, time_zone=zone)
    jar = saver.jar()
    one = saver.deposit(jar, "5").json
    clock.set(at(after))
    two = saver.deposit(jar, "5").json
    days = [date.fromisoformat(answer["transaction"]["date"]) for answer in (one, two)]
    assert days[1] - days[0] == timedelta(days=1)
    assert [answer["jar"]["streak_count"] for answer in (one, two)] == [1, 2]


def test_a_change_of_zone_neither_loses_nor_repeats_a_day(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    days = []
    for number in range(10):
        if number == 2:
            assert saver.call("PATCH", "/api/profile/", {"time_zone": "America/New_York"}).status_code == 200
        if number == 6:
            assert saver.call("PATCH", "/api/profile/", {"time_zone": "Pacific/Auckland"}).status_code == 200
        days.append(saver.deposit(jar, "5").json["transaction"]["date"])
        clock.advance(days=1)
    assert days == [(date(2026, 7, 15) + timedelta(days=number)).isoformat() for number in range(10)]
    clock.advance(days=-1)
    assert streak(saver, jar) == 10
    history = saver.get(f"/api/jars/{jar}/transactions/").json["items"]
    assert [item["date"] for item in history] == days[::-1]  # the past is as it was


def test_a_missed_day_ends_the_run_and_the_open_day_does_not(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    for _ in range(3):
        saver.deposit(jar, "5")
        clock.advance(days=1)
    assert streak(saver, jar) == 3  # today is open
    clock.advance(days=1)
    assert streak(saver, jar) == 0
    assert saver.deposit(jar, "5").json["streak"]["longest"] == 3


def test_in_and_out_on_one_day_is_not_met(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    saver.deposit(jar, "100")
    assert saver.withdraw(jar, "100").json["jar"]["streak_count"] == 0


def test_many_tiny_deposits_earn_one_period(saver: Saver, clock: Clock) -> None:
    jar = saver.jar(installment_amount="10")
    assert [saver.deposit(jar, "2").json["jar"]["streak_count"] for _ in range(6)] == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("plan", ["daily", "weekly", "monthly"])
@settings(
    max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 60 * 24 * 4), st.sampled_from(["deposit", "deposit", "withdraw"]), st.integers(1, 12)),
        min_size=4,
        max_size=25,
    ),
    instalment=st.sampled_from([None, 5, 10]),
    scale=st.sampled_from([1, 4]),
)
def test_the_streak_equals_its_slow_recomputation(
    app: Flask, clock: Clock, plan: str, steps: list[Any], instalment: int | None, scale: int
) -> None:
    """Over random histories: what the API shows, and the sum of each period from the movements alone."""
    clock.set(at("2026-01-28T17:00:00"))
    saver = factories.make_saver(app)
    first = date(2026, 1, 28)
    jar = saver.jar(plan_type=plan, target_amount="1000000", installment_amount=instalment)
    terms = JarTerms(Plan(plan), None if instalment is None else instalment * 100, first)
    movements: list[Movement] = []
    for minutes, kind, amount in steps:
        clock.advance(minutes=minutes * scale)
        answer = getattr(saver, kind)(jar, str(amount))
        if answer.status_code == 201:
            day = date.fromisoformat(answer.json["transaction"]["date"])
            assert day == (clock.at + timedelta(hours=5, minutes=30)).date()
            movements.append(Movement(day, amount * 100 if kind == "deposit" else -amount * 100))
        else:
            assert answer.json["code"] == "insufficient_funds"
        today = (clock.at + timedelta(hours=5, minutes=30)).date()
        assert streak(saver, jar) == slow(terms, movements, today)


def slow(terms: JarTerms, movements: list[Movement], today: date) -> int:
    """From the whole history, freezes included."""
    _, (jar,) = from_history([(terms, movements)], today)
    return jar.current


# ---- caps follow the saver's calendar ----


@pytest.fixture
def capped(new_app: Callable[..., Flask], clock: Clock) -> Saver:
    """May put in 100 a day, and take out 100 a month while unverified."""
    clock.set(at("2026-07-31T12:00:00"))
    return factories.make_saver(new_app(DAILY_DEPOSIT_CAP_MINOR="10000", UNVERIFIED_WITHDRAWAL_CAP_MINOR="10000"))


def test_the_days_cap_begins_anew_at_the_savers_midnight(capped: Saver, clock: Clock) -> None:
    jar = capped.jar()
    clock.set(at("2026-07-30T18:30:00"))
    assert capped.deposit(jar, "100").status_code == 201
    clock.set(at("2026-07-31T18:29:59.999"))
    refused = capped.deposit(jar, "0.01")
    assert (refused.status_code, refused.json["code"]) == (403, "daily_limit")
    clock.set(at("2026-07-31T18:30:00"))
    assert capped.deposit(jar, "100").status_code == 201


def test_the_months_cap_begins_anew_on_the_savers_first(capped: Saver, clock: Clock) -> None:
    jar = capped.jar()
    capped.deposit(jar, "100")
    assert capped.withdraw(jar, "100").status_code == 201
    clock.set(at("2026-07-31T18:30:00"))
    capped.deposit(jar, "100")
    assert capped.withdraw(jar, "100").status_code == 201  # August in Kolkata, July in UTC
    clock.set(at("2026-08-31T18:29:59.999"))
    capped.deposit(jar, "100")
    refused = capped.withdraw(jar, "0.01")
    assert (refused.status_code, refused.json["code"]) == (403, "kyc_required")
    clock.set(at("2026-08-31T18:30:00"))
    assert capped.withdraw(jar, "0.01").status_code == 201
