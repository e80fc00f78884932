"""A standing instruction: told a day ahead, collected on the day, booked once; skipped, paused, ended at any time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from app import clock as product_clock
from app.errors import DomainError
from app.integrations import payments as payments_module
from app.integrations.payments import HttpPayments, Settled
from app.periods import SaverZone
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.savings import auto_deposits, collecting, jars
from app.services.savings.instructions import falls_on, next_due
from app.transactions import fetch, queue, run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver
from tests.provider import KEY, Provider, provider
from tests.services.ops.test_reminders import at

MONDAY = date(2026, 1, 19)


@pytest.fixture(autouse=True)
def alone(new_app: Callable[..., Flask], clock: Clock) -> Iterator[Flask]:
    """An application whose savers nobody else makes, on a Monday noon in Kolkata, without a provider."""
    clock.set(at(MONDAY, 12))
    app = new_app()
    with app.app_context():
        yield app


@pytest.fixture
def there(alone: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """Somebody who collects."""
    monkeypatch.setattr(payments_module, "READ_SECONDS", 0.3)
    with provider() as running:
        alone.extensions["payments"] = HttpPayments(running.url, KEY, "INR")
        yield running


@pytest.fixture
def saver(alone: Flask) -> Saver:
    return factories.make_saver(alone)


def announce(clock: Clock, when: datetime) -> int:
    clock.set(when)
    return perform(JOBS["savings.announce"]).done


def collect(clock: Clock, when: datetime) -> int:
    clock.set(when)
    return perform(JOBS["savings.collect"]).done


def day_by_day(clock: Clock, first: date, days: int) -> None:
    """Both jobs at the hours that matter, and once more each."""
    for number in range(days):
        for hour in (8, 9):
            for minutes in (0, 15):
                clock.set(at(first + timedelta(days=number), hour + minutes / 60))
                perform(JOBS["savings.announce"])
                perform(JOBS["savings.collect"])


def turns(*columns: str) -> list[Any]:
    return run(lambda: fetch(f"SELECT {', '.join(columns)} FROM auto_deposit_turns ORDER BY due_on, jar_id"))


def told(saver: Saver, kind: str = "auto_deposit") -> list[dict[str, Any]]:
    sql = "SELECT facts FROM notifications WHERE user_id = %s AND kind = %s ORDER BY created_at, id"
    return [facts for (facts,) in run(lambda: fetch(sql, (saver.id, kind)))]


def deposits(saver: Saver) -> list[tuple[str, str]]:
    items = saver.get("/api/transactions/").json["items"]
    return [(item["date"], item["amount"]) for item in reversed(items)]


def state(saver: Saver, jar: str) -> dict[str, Any]:
    answer = saver.get(f"/api/jars/{jar}/auto-deposit/")
    assert answer.status_code == 200
    return answer.json["auto_deposit"]


def daily(saver: Saver, amount: str = "50", **more: Any) -> str:
    return saver.jar(auto_deposit={"amount": amount}, **more)


# ---- told, collected, booked ----


def test_it_is_told_a_day_ahead_and_collected_on_the_day(clock: Clock, saver: Saver) -> None:
    jar = daily(saver)
    assert announce(clock, at("2026-01-20", 7.9)) == 0
    assert announce(clock, at("2026-01-20", 8)) == 1
    facts = {"event": "ahead", "jar_id": jar, "jar": "Bicycle", "amount": 5_000, "on": "2026-01-21"}
    assert told(saver) == [facts]
    assert announce(clock, at("2026-01-20", 8.25)) == 0
    assert collect(clock, at("2026-01-21", 8.9)) == 0
    assert collect(clock, at("2026-01-21", 9)) == 1
    assert collect(clock, at("2026-01-21", 9.25)) == 0
    assert deposits(saver) == [("2026-01-21", "50.00")]
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["streak_count"] == 1
    (received,) = told(saver, "deposit_received")
    assert received["auto"] is True
    assert run(lambda: fetch("SELECT read_at FROM notifications WHERE kind = 'deposit_received'")) == [(None,)]
    ((status, transaction),) = turns("status", "transaction_id")
    assert status == "done"
    assert str(transaction) == saver.get("/api/transactions/").json["items"][0]["id"]


def test_between_the_notice_and_the_money_lie_a_day_even_where_the_notice_was_late(clock: Clock, saver: Saver) -> None:
    daily(saver)
    assert announce(clock, at("2026-01-20", 15)) == 1
    assert collect(clock, at("2026-01-21", 14.9)) == 0
    assert collect(clock, at("2026-01-21", 15)) == 1


@pytest.mark.parametrize(
    ("plan", "day", "due"),
    [
        ("daily", None, ["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02"]),
        ("weekly", 7, ["2026-02-01", "2026-02-08", "2026-02-15"]),
        ("weekly", None, ["2026-02-02", "2026-02-09", "2026-02-16"]),
        ("monthly", 31, ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("flexible", 30, ["2026-01-30", "2026-02-28", "2026-03-30"]),
        ("monthly", None, ["2026-02-01", "2026-03-01"]),
    ],
)
def test_it_is_due_on_its_days(clock: Clock, saver: Saver, plan: str, day: int | None, due: list[str]) -> None:
    clock.set(at("2026-01-28", 12))
    saver.jar(plan_type=plan, auto_deposit={"amount": "50"} | ({"day": day} if day else {}))
    first = date(2026, 1, 29)
    day_by_day(clock, first, (date.fromisoformat(due[-1]) - first).days + 1)
    assert [each for each, _ in deposits(saver)] == due
    assert all(status == "done" for (status,) in turns("status")[: len(due)])


def test_the_job_announces_just_the_days_that_the_rule_names(clock: Clock, saver: Saver) -> None:
    zones = ["Asia/Kolkata", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia"]
    clock.set(at("2026-02-20", 12))
    made = []
    for number, plan in enumerate(["daily", "weekly", "monthly", "flexible"]):
        for day in [None] if plan == "daily" else [None, 1, 5, 7] if plan == "weekly" else [None, 1, 15, 30, 31]:
            own = factories.make_saver(saver.app, time_zone=zones[number])
            more = {"end_date": "2026-03-02"} if day == 1 else {}
            jar = own.jar(plan_type=plan, auto_deposit={"amount": "5"} | ({"day": day} if day else {}), **more)
            made.append((own, jar))
    expected = set()
    with saver.app.app_context():
        for own, jar in made:
            person = own.principal()
            values = run(lambda: jars.read(person, jar, at=clock.now())).jar  # noqa: B023
            due = next_due(values, person.zone, clock.now())
            while due is not None and due <= date(2026, 3, 5):
                expected.add((jar, due))
                eight = datetime.combine(due - timedelta(days=1), datetime.min.time(), ZoneInfo(person.zone.name))
                due = next_due(values, person.zone, (eight + timedelta(hours=8)).astimezone(UTC))
    start = clock.now()
    for hour in range(24 * 14):
        clock.set(start + timedelta(hours=hour))
        perform(JOBS["savings.announce"])
    assert {(str(jar), due) for jar, due in turns("jar_id", "due_on") if due <= date(2026, 3, 5)} == expected
    assert len(expected) > 25


def test_the_rule_of_short_months() -> None:
    assert [day for day in range(1, 29) if falls_on("monthly", 31, date(2026, 2, day))] == [28]
    assert [day for day in range(1, 30) if falls_on("monthly", 30, date(2028, 2, day))] == [29]
    assert [day for day in range(1, 32) if falls_on("flexible", None, date(2026, 1, day))] == [1]


def test_after_an_outage_a_month_is_made_up_for_and_days_are_not(clock: Clock, saver: Saver) -> None:
    daily(saver)
    saver.jar(plan_type="monthly", auto_deposit={"amount": "90", "day": 21})
    announce(clock, at("2026-01-19", 13))
    assert announce(clock, at("2026-01-22", 12)) == 2
    assert turns("due_on", "amount") == [(date(2026, 1, 21), 9_000), (date(2026, 1, 23), 5_000)]
    assert collect(clock, at("2026-01-23", 11.9)) == 0
    assert collect(clock, at("2026-01-23", 12)) == 2


def test_what_was_set_after_the_hour_waits_for_the_next_day(clock: Clock, saver: Saver) -> None:
    clock.set(at("2026-01-20", 9))
    jar = daily(saver)
    assert announce(clock, at("2026-01-20", 11)) == 0
    assert state(saver, jar)["next_on"] == "2026-01-22"
    assert announce(clock, at("2026-01-21", 8)) == 1
    assert turns("due_on") == [(date(2026, 1, 22),)]


def test_nothing_is_told_or_collected_of_what_is_over(clock: Clock, saver: Saver) -> None:
    closed, full, suspended = daily(saver), daily(saver), factories.make_saver(saver.app)
    daily(suspended)
    future = daily(saver, start_date="2026-02-10")
    assert announce(clock, at("2026-01-20", 8)) == 3
    saver.call("DELETE", f"/api/jars/{closed}/")
    saver.deposit(full, "5000")
    run(lambda: queue("UPDATE users SET status = 'suspended' WHERE id = %s", (suspended.id,)))
    before = len(deposits(saver))
    collect(clock, at("2026-01-21", 9))
    assert len(deposits(saver)) == before
    assert {status for (status,) in turns("status")} == {"skipped"}
    assert announce(clock, at("2026-01-21", 8.5)) == 0
    assert state(saver, future)["next_on"] == "2026-02-10"
    assert state(saver, full)["next_on"] is None


# ---- skipped, paused, ended ----


def test_the_next_can_be_skipped_once_whether_it_was_told_or_not(clock: Clock, saver: Saver) -> None:
    jar = daily(saver)
    path = f"/api/jars/{jar}/auto-deposit/skip/"
    for told_already in (False, True):
        if told_already:
            announce(clock, at("2026-01-23", 8))
            assert state(saver, jar)["told"]
        before = state(saver, jar)
        answer = saver.post(path)
        assert answer.status_code == 200
        skipped = answer.json["auto_deposit"]
        assert skipped["skipped_on"] == before["next_on"]
        following = date.fromisoformat(before["next_on"]) + timedelta(days=1)
        assert skipped["next_on"] == following.isoformat()
        assert saver.post(path).json == answer.json  # once
        announce(clock, at(following - timedelta(days=2), 8.25))
        collect(clock, at(following - timedelta(days=1), 9))
        assert deposits(saver) == []
        clock.set(at(following - timedelta(days=1), 20))
        run(lambda: queue("DELETE FROM auto_deposit_turns WHERE status = 'waiting'"))
    events = [(facts["event"], facts["on"]) for facts in told(saver)]
    assert [event for event in events if event[0] == "skipped"] == [
        ("skipped", "2026-01-21"),
        ("skipped", "2026-01-24"),
    ]


def take_back(saver: Saver, jar: str, due_on: str, clock: Clock) -> None:
    person = saver.principal()
    run(lambda: auto_deposits.take_back_skip(person, jar, date.fromisoformat(due_on), at=clock.now()))


@pytest.mark.parametrize("told_already", [False, True], ids=["before-it-was-told", "after-it-was-told"])
def test_a_skip_that_is_taken_back_leaves_no_trace(clock: Clock, saver: Saver, told_already: bool) -> None:
    jar = daily(saver)
    if told_already:
        announce(clock, at("2026-01-20", 8))
    everything = ("due_on", "amount", "status", "next_try_at")
    before, noticed, rows = state(saver, jar), told(saver), turns(*everything)
    clock.advance(minutes=5)
    skipped = saver.post(f"/api/jars/{jar}/auto-deposit/skip/").json["auto_deposit"]["skipped_on"]
    assert skipped == "2026-01-21"
    clock.advance(minutes=5)
    for _ in range(2):
        take_back(saver, jar, skipped, clock)
        assert (state(saver, jar), told(saver), turns(*everything)) == (before, noticed, rows)
    announce(clock, at("2026-01-20", 8.5))
    assert collect(clock, at("2026-01-21", 9.5)) == 1
    assert deposits(saver) == [("2026-01-21", "50.00")]


def test_a_skip_stays_where_the_hour_of_telling_has_passed_meanwhile(clock: Clock, saver: Saver) -> None:
    jar = daily(saver)
    clock.set(at("2026-01-20", 7.95))
    saver.post(f"/api/jars/{jar}/auto-deposit/skip/")
    announce(clock, at("2026-01-20", 8))
    with pytest.raises(DomainError, match="can no longer be undone"):
        take_back(saver, jar, "2026-01-21", clock)
    assert state(saver, jar)["skipped_on"] == "2026-01-21"


def test_a_pause_holds_the_money_back_and_what_was_told_comes_if_it_ends_in_time(clock: Clock, saver: Saver) -> None:
    jar = daily(saver)
    path = f"/api/jars/{jar}/auto-deposit/"
    announce(clock, at("2026-01-20", 8))
    paused = saver.call("PUT", path, {"amount": "50", "paused": True}).json["auto_deposit"]
    assert (paused["paused"], paused["next_on"]) == (True, None)
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["auto_deposit"] == {"amount": "50.00", "paused": True}
    saver.call("PUT", path, {"amount": "60"})
    assert (state(saver, jar)["next_on"], state(saver, jar)["next_amount"]) == ("2026-01-21", "50.00")
    assert collect(clock, at("2026-01-21", 9)) == 1
    assert deposits(saver) == [("2026-01-21", "50.00")]  # as it was told
    announce(clock, at("2026-01-21", 9))
    saver.call("PUT", path, {"amount": "60", "paused": True})
    assert announce(clock, at("2026-01-22", 8)) == 0
    collect(clock, at("2026-01-22", 9))
    assert len(deposits(saver)) == 1
    saver.call("PUT", path, {"amount": "60"})
    day_by_day(clock, date(2026, 1, 23), 2)
    assert deposits(saver)[1:] == [("2026-01-24", "60.00")]


def test_an_end_is_an_end(clock: Clock, saver: Saver) -> None:
    jar = daily(saver)
    announce(clock, at("2026-01-20", 8))
    for _ in range(2):
        assert saver.call("DELETE", f"/api/jars/{jar}/auto-deposit/").json == {"auto_deposit": None}
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["auto_deposit"] is None
    day_by_day(clock, date(2026, 1, 21), 2)
    assert deposits(saver) == []
    refused = saver.post(f"/api/jars/{jar}/auto-deposit/skip/")
    assert (refused.status_code, refused.json["code"]) == (409, "no_instruction")


@pytest.mark.parametrize("body", [{}, {"amount": "0"}, {"amount": "5", "day": 1}, {"amount": "5", "paused": "yes"},
                                  {"amount": "5", "since": "2026-01-01"}])  # fmt: skip
def test_an_instruction_that_cannot_be(saver: Saver, body: dict[str, Any]) -> None:
    jar = saver.jar()
    assert saver.call("PUT", f"/api/jars/{jar}/auto-deposit/", body).status_code == 422
    assert state(saver, jar) is None


# ---- refusals, silence, death ----


def test_a_refused_try_is_made_three_times_in_all_and_then_told(clock: Clock, saver: Saver, there: Provider) -> None:
    jar = daily(saver)
    there.outcomes = [{"status": "refused", "reason": "no_funds"}] * 3
    announce(clock, at("2026-01-20", 8))
    saver.call("PUT", f"/api/jars/{jar}/auto-deposit/", {"amount": "50"})
    assert collect(clock, at("2026-01-21", 9)) == 1
    assert collect(clock, at("2026-01-21", 12.9)) == 0
    assert collect(clock, at("2026-01-21", 13)) == 1
    assert collect(clock, at("2026-01-22", 12.9)) == 0
    assert len(told(saver)) == 1
    assert collect(clock, at("2026-01-22", 13)) == 1
    assert collect(clock, at("2026-01-24", 13)) == 0
    assert turns("status", "attempts", "last_error", "next_try_at") == [("failed", 3, "no_funds", None)]
    assert told(saver)[1:] == [
        {"event": "failed", "jar_id": jar, "jar": "Bicycle", "amount": 5_000, "on": "2026-01-21", "tries": 3}
    ]
    assert len(there.made) == 3
    assert deposits(saver) == []
    assert state(saver, jar)["failed_on"] == "2026-01-21"


def test_a_later_try_that_goes_through_is_booked(clock: Clock, saver: Saver, there: Provider) -> None:
    daily(saver)
    there.outcomes = [{"status": "refused", "reason": "no_funds"}]
    announce(clock, at("2026-01-20", 8))
    collect(clock, at("2026-01-21", 9))
    collect(clock, at("2026-01-21", 13))
    assert deposits(saver) == [("2026-01-21", "50.00")]
    assert turns("status", "attempts") == [("done", 1)]
    assert [facts["event"] for facts in told(saver)] == ["ahead"]


def test_a_final_refusal_ends_it_at_once(clock: Clock, saver: Saver, there: Provider) -> None:
    daily(saver)
    there.outcomes = [{"status": "refused", "reason": "mandate_ended", "final": True}]
    announce(clock, at("2026-01-20", 8))
    collect(clock, at("2026-01-21", 9))
    assert turns("status", "attempts", "last_error") == [("failed", 1, "mandate_ended")]
    assert told(saver)[-1]["tries"] == 1


def test_a_cap_refuses_before_anybody_is_asked(clock: Clock, saver: Saver, there: Provider) -> None:
    jar = daily(saver, target_amount="100000")
    saver.deposit(jar, "49980")
    announce(clock, at("2026-01-20", 8))
    collect(clock, at("2026-01-21", 9))
    assert there.asked == []
    assert turns("status", "attempts", "last_error") == [("waiting", 1, "kyc_required")]
    saver.withdraw(jar, "1000")
    collect(clock, at("2026-01-21", 13))
    assert there.settled == [5_000]


@pytest.mark.parametrize("manner", ["silent", "hang_up"])
def test_money_that_was_taken_without_an_answer_is_booked_later_by_its_instant(
    clock: Clock, saver: Saver, there: Provider, manner: str
) -> None:
    jar = daily(saver)
    there.manners = [manner]
    announce(clock, at("2026-01-20", 8))
    collect(clock, at("2026-01-21", 9))
    assert there.settled == [5_000]
    assert deposits(saver) == []
    refused = saver.call("DELETE", f"/api/jars/{jar}/")
    assert (refused.status_code, refused.json["code"]) == (409, "deposit_under_way")
    assert saver.post(f"/api/jars/{jar}/auto-deposit/skip/").json["code"] == "deposit_under_way"
    perform(JOBS["gamification.close_days"])
    clock.set(at("2026-01-22", 1))
    perform(JOBS["gamification.close_days"])
    collect(clock, at("2026-01-22", 1))
    assert there.settled == [5_000]
    ((day, occurred_at),) = run(lambda: fetch("SELECT date, occurred_at FROM transactions"))
    assert (day, occurred_at) == (date(2026, 1, 21), at("2026-01-21", 9))
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["streak_count"] == 1


def test_stopped_while_nobody_knows_it_is_looked_up_and_not_collected(
    clock: Clock, saver: Saver, there: Provider
) -> None:
    for manner, booked in (("error", 0), ("hang_up", 1)):
        clock.set(at(MONDAY, 12) + timedelta(days=7 * booked))
        jar = daily(saver)
        there.manners = [manner]
        today = clock.now()
        announce(clock, today + timedelta(hours=20))
        collect(clock, today + timedelta(hours=45))
        saver.call("DELETE", f"/api/jars/{jar}/auto-deposit/")
        collect(clock, today + timedelta(hours=46))
        assert len(deposits(saver)) == len(there.settled) == booked
        assert not run(lambda: fetch("SELECT 1 FROM auto_deposit_turns WHERE status = 'waiting'"))


def test_a_worker_that_dies_between_collecting_and_booking_loses_and_doubles_nothing(
    clock: Clock, saver: Saver, there: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    daily(saver)
    announce(clock, at("2026-01-20", 8))
    with monkeypatch.context() as patched:
        patched.setattr(collecting, "settle", lambda *arguments, **more: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            collect(clock, at("2026-01-21", 9))
    assert there.settled == [5_000]
    assert collect(clock, at("2026-01-21", 9) + timedelta(seconds=89)) == 0
    assert collect(clock, at("2026-01-21", 9) + timedelta(seconds=90)) == 1
    assert there.settled == [5_000]
    assert deposits(saver) == [("2026-01-21", "50.00")]


def test_two_who_hold_the_same_answer_book_it_once(clock: Clock, saver: Saver) -> None:
    daily(saver)
    announce(clock, at("2026-01-20", 8))
    clock.set(at("2026-01-21", 9))
    (turn,) = run(lambda: collecting.due(at=clock.now(), limit=5))
    this = run(lambda: collecting.begin(*turn, at=clock.now()))
    assert this is not None
    for _ in range(3):
        answer = run(lambda: collecting.settle(this, Settled(), at=clock.now()))
        run(partial(collecting.note_booked, this, answer))
    assert deposits(saver) == [("2026-01-21", "50.00")]
    assert turns("status") == [("done",)]


def test_a_saver_who_is_moving_money_just_now_is_left_for_the_next_run(
    clock: Clock, saver: Saver, stack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.conftest import superuser_connection

    daily(saver)
    announce(clock, at("2026-01-20", 8))
    holder = superuser_connection(saver.app, stack)
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (str(saver.id),))
        assert collect(clock, at("2026-01-21", 9)) == 0
        cursor.execute("SELECT pg_advisory_unlock_all()")
    holder.close()
    assert collect(clock, at("2026-01-21", 9.1)) == 1


def test_a_change_of_zone_moves_the_hour(clock: Clock, saver: Saver) -> None:
    daily(saver)
    assert saver.call("PATCH", "/api/profile/", {"time_zone": "Asia/Dubai"}).status_code == 200
    assert announce(clock, at("2026-01-20", 8)) == 0
    assert announce(clock, at("2026-01-20", 8, "Asia/Dubai")) == 1
    assert collect(clock, at("2026-01-21", 9)) == 0
    assert collect(clock, at("2026-01-21", 9, "Asia/Dubai")) == 1
    assert SaverZone("Asia/Dubai").date(product_clock.now()) == date(2026, 1, 21)
