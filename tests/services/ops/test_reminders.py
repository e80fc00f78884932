"""Whose streak ends tonight is told in the evening: just those whom the pure definition names, and once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app.periods import period_of, shift
from app.services.ops import local_hours
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.savings.jar import COLUMNS, Jar
from app.transactions import fetch, queue, run
from tests import factories
from tests.conftest import Clock


def at(day: date | str, hour: float, zone: str = "Asia/Kolkata") -> datetime:
    midnight = datetime.combine(date.fromisoformat(str(day)), datetime.min.time(), ZoneInfo(zone))
    return (midnight + timedelta(hours=hour)).astimezone(UTC)


@pytest.fixture(autouse=True)
def alone(new_app: Callable[..., Flask], clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application whose savers nobody else makes, on a Wednesday."""
    clock.set(at("2026-01-21", 9))
    monkeypatch.setattr(local_hours, "CHUNK", 2)
    app = new_app()
    with app.app_context():
        yield app


def remind(clock: Clock, when: datetime) -> int:
    clock.set(when)
    return perform(JOBS["savings.remind"]).done


def told() -> list[Any]:
    return run(
        lambda: fetch("SELECT facts, once FROM notifications WHERE kind = 'streak_at_risk' ORDER BY created_at, once")
    )


def test_a_saver_with_a_streak_is_told_at_seven_of_what_keeps_it(alone: Flask, clock: Clock) -> None:
    saver = factories.make_saver(alone)
    jar = saver.jar(name="Bicycle")
    saver.deposit(jar)
    assert remind(clock, at("2026-01-21", 19.1)) == 0  # today is met
    assert remind(clock, at("2026-01-22", 18.9)) == 0
    assert remind(clock, at("2026-01-22", 19)) == 1
    assert told() == [
        (
            {
                "jar_id": jar,
                "jar": "Bicycle",
                "plan": "daily",
                "current": 1,
                "unit": "days",
                "due_by": "2026-01-22",
                "freezes": 0,
            },
            f"risk:{jar}:2026-01-22",
        )
    ]
    messages = run(
        lambda: fetch(
            "SELECT payload FROM outbox WHERE topic = 'notifications.made' AND payload->'notices'->0->>0 = %s",
            (str(saver.id),),
        )
    )
    assert len(messages) == 1
    assert remind(clock, at("2026-01-22", 19.5)) == 0
    run(lambda: queue("DELETE FROM job_marks"))
    assert remind(clock, at("2026-01-22", 20)) == 0  # done again, it tells nobody twice
    assert len(told()) == 1


def test_after_eleven_nobody_is_called_to_anything(alone: Flask, clock: Clock) -> None:
    saver = factories.make_saver(alone)
    saver.deposit(saver.jar())
    assert remind(clock, at("2026-01-22", 23)) == 0
    saver.deposit(saver.jar())
    assert remind(clock, at("2026-01-23", 22.9)) == 1  # late, but of use


def test_those_whom_nothing_is_asked_of_are_left_alone(alone: Flask, clock: Clock) -> None:
    saver = factories.make_saver(alone)
    jars = [saver.jar() for _ in range(5)]
    for jar in jars:
        saver.deposit(jar)
    clock.set(at("2026-01-22", 12))
    met, paused, full, closed, asked = jars
    saver.deposit(met)
    assert saver.call("PUT", f"/api/jars/{paused}/pause/", {"until": "2026-01-25"}).status_code == 200
    assert saver.call("PATCH", f"/api/jars/{full}/", {"target_amount": "50"}).json["jar"]["status"] == "completed"
    saver.withdraw(closed)
    assert saver.call("DELETE", f"/api/jars/{closed}/").status_code == 204
    saver.jar()  # no streak yet
    assert remind(clock, at("2026-01-22", 19)) == 1
    assert [facts["jar_id"] for facts, _ in told()] == [asked]


def test_the_last_day_of_grace_is_the_last_chance(alone: Flask, clock: Clock) -> None:
    saver = factories.make_saver(alone)
    weekly, monthly = saver.jar(plan_type="weekly"), saver.jar(plan_type="monthly")
    saver.deposit(weekly)
    saver.deposit(monthly)
    days = {}
    day = date(2026, 1, 21)
    while day < date(2026, 4, 10):
        if remind(clock, at(day, 19)):
            days[day] = [facts["plan"] for facts, _ in told()][-1]
        day += timedelta(days=1)
    # The week from the 26th is over on Sunday, and open until Monday; February is open until 3 March.
    assert days == {date(2026, 2, 2): "weekly", date(2026, 3, 3): "monthly"}


def test_each_zone_has_its_own_evening(alone: Flask, clock: Clock) -> None:
    zones = ["Asia/Kolkata", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia"]
    savers = {zone: factories.make_saver(alone, time_zone=zone) for zone in zones}
    for saver in savers.values():
        saver.deposit(saver.jar())
    heard: dict[str, datetime] = {}
    start = at("2026-01-21", 10)
    for quarter in range(4 * 48):
        if remind(clock, start + timedelta(minutes=15 * quarter)):
            for (saver_id,) in run(lambda: fetch("SELECT user_id FROM notifications WHERE kind = 'streak_at_risk'")):
                zone = next(zone for zone, saver in savers.items() if saver.id == saver_id)
                heard.setdefault(zone, clock.now())
    assert set(heard) == set(zones)
    for zone, instant in heard.items():
        assert (instant.astimezone(ZoneInfo(zone)).hour, instant.minute % 30) == (19, 0), zone


def test_a_saver_who_moved_hears_at_the_new_hour(alone: Flask, clock: Clock) -> None:
    saver = factories.make_saver(alone)
    jar = saver.jar()
    saver.deposit(jar)
    assert saver.call("PATCH", "/api/profile/", {"time_zone": "Asia/Dubai"}).status_code == 200
    assert remind(clock, at("2026-01-22", 19)) == 0
    assert remind(clock, at("2026-01-22", 19, "Asia/Dubai")) == 1


@pytest.mark.parametrize("seed", range(1, 6))
def test_it_says_what_the_pure_definition_says(alone: Flask, clock: Clock, seed: int) -> None:
    random = Random(seed)
    savers = [factories.make_saver(alone) for _ in range(2)]
    jars: list[tuple[factories.Saver, str]] = []
    for saver in savers:
        for _ in range(3):
            values = {
                "plan_type": random.choice(["daily", "daily", "weekly", "monthly"]),
                "target_amount": random.choice(["400", "100000", "100000"]),
                "installment_amount": random.choice([None, "20"]),
            }
            if random.random() < 0.4:
                values["end_date"] = str(date(2026, 1, 21) + timedelta(days=random.randint(3, 45)))
            jars.append((saver, saver.jar(**values)))
    day, found = date(2026, 1, 21), 0
    for _ in range(45):
        clock.set(at(day, random.choice([0, 9, 18])))
        for saver, jar in jars:
            if random.random() < 0.75:
                saver.deposit(jar, random.choice(["5", "20", "20", "50"]))
            if random.random() < 0.05:
                saver.withdraw(jar, "20")
            if random.random() < 0.03:
                saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": str(day + timedelta(days=random.randint(0, 9)))})
        before = {once for _, once in told()}
        remind(clock, at(day, 19))
        new = {once for _, once in told()} - before
        expected = expected_on(day)
        assert new == expected, day
        found += len(expected)
        day += timedelta(days=random.choice([1, 1, 1, 2]))
    assert found > 3


def expected_on(day: date) -> set[str]:
    """Keys of what is to be told on ``day``, by the engine's own reading."""
    rows = run(lambda: fetch(f"SELECT {COLUMNS} FROM savings_jars j WHERE j.status = 'active'"))
    keys = set()
    for jar in (Jar(*row) for row in rows):
        if jar.streak(day).at_risk:
            own = period_of(jar.terms.plan, day)
            assert own is not None
            for period in (shift(jar.terms.plan, own, -1), own):
                if jar.terms.counts(period) and jar.terms.open_until(period) == day:
                    keys.add(f"risk:{jar.id}:{period.start}")
    return keys
