"""The life of a jar, through the API: limits, completion, reopening, closing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.conftest import Clock
from tests.factories import Saver


def read(saver: Saver, jar: str) -> dict[str, Any]:
    answer = saver.get(f"/api/jars/{jar}/")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json["jar"]
    return found


def patch(saver: Saver, jar: str, **values: Any) -> Any:
    return saver.call("PATCH", f"/api/jars/{jar}/", values)


@pytest.mark.parametrize("plan", ["daily", "weekly", "monthly", "flexible"])
def test_money_goes_into_a_full_jar_on_any_later_day(saver: Saver, clock: Clock, plan: str) -> None:
    jar = saver.jar(plan_type=plan, target_amount="100")
    done = saver.deposit(jar, "100")
    assert done.json["jar"]["status"] == "completed"
    streak = done.json["jar"]["streak_count"]
    assert streak == (0 if plan == "flexible" else 1)
    for _ in range(40):
        clock.advance(days=1)
        answer = saver.deposit(jar, "5")
        assert answer.status_code == 201, answer.json
        assert answer.json["jar"]["streak_count"] == streak  # nothing is asked for any more, and nothing is added
        assert read(saver, jar)["streak_count"] == streak
    assert saver.withdraw(jar, "300").status_code == 201
    assert read(saver, jar)["status"] == "completed"


def test_a_completed_jar_stays_completed_when_only_its_name_changes(saver: Saver, clock: Clock) -> None:
    jar = saver.jar(target_amount="100")
    saver.deposit(jar, "100")
    saver.withdraw(jar, "60")
    renamed = patch(saver, jar, name="Red bicycle")
    assert renamed.json["jar"]["status"] == "completed"
    assert renamed.json["jar"]["projected_completion_date"] == "2026-07-15"


def test_a_target_raised_above_what_is_there_opens_the_jar_again(saver: Saver, clock: Clock) -> None:
    jar = saver.jar(target_amount="100")
    saver.deposit(jar, "100")
    clock.advance(days=1)
    reopened = patch(saver, jar, target_amount="200").json["jar"]
    assert (reopened["status"], reopened["progress"], reopened["streak_count"]) == ("active", 0.5, 1)
    assert saver.deposit(jar, "10").json["jar"]["streak_count"] == 2


def test_a_target_lowered_to_what_is_there_completes_the_jar(saver: Saver, clock: Clock) -> None:
    jar = saver.jar(target_amount="100")
    saver.deposit(jar, "60")
    changed = patch(saver, jar, target_amount="60").json["jar"]
    assert (changed["status"], changed["progress"], changed["streak_count"]) == ("completed", 1.0, 1)
    clock.advance(days=1)
    assert saver.deposit(jar, "1").status_code == 201


def test_one_instalment_is_never_more_than_the_target(saver: Saver) -> None:
    assert (
        "installment_amount"
        in saver.post(
            "/api/jars/",
            {"name": "B", "plan_type": "daily", "target_amount": "50", "installment_amount": "51"},
        ).json["errors"]
    )
    jar = saver.jar(target_amount="500", installment_amount="100")
    assert "target_amount" in patch(saver, jar, target_amount="99").json["errors"]
    assert "installment_amount" in patch(saver, jar, installment_amount="501").json["errors"]
    assert patch(saver, jar, target_amount="100").status_code == 200


def test_the_instalment_is_fixed_once_money_has_moved(saver: Saver) -> None:
    jar = saver.jar(installment_amount="10")
    assert patch(saver, jar, installment_amount="20").json["jar"]["installment_amount"] == "20.00"
    saver.deposit(jar, "20")
    assert "installment_amount" in patch(saver, jar, installment_amount="10").json["errors"]
    assert patch(saver, jar, installment_amount="20", name="As before").status_code == 200


@pytest.mark.parametrize(
    ("plan", "day"), [("weekly", 8), ("weekly", 28), ("daily", 1), ("monthly", 32), ("monthly", 0), ("flexible", 32)]
)
def test_a_standing_instruction_names_a_day_of_its_plan(saver: Saver, plan: str, day: int) -> None:
    body = {"name": "B", "plan_type": plan, "target_amount": "50", "auto_deposit": {"amount": "5", "day": day}}
    answer = saver.post("/api/jars/", body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["auto_deposit.day"])
    jar = saver.jar(plan_type=plan)
    assert patch(saver, jar, auto_deposit={"amount": "5", "day": day}).status_code == 422


def test_a_standing_instruction_is_kept_and_taken_off(saver: Saver) -> None:
    jar = saver.jar(plan_type="weekly", auto_deposit={"amount": "25.5", "day": 7})
    assert read(saver, jar)["auto_deposit"] == {"amount": "25.50", "day": 7, "paused": False}
    assert patch(saver, jar, auto_deposit=None).json["jar"]["auto_deposit"] is None


def test_a_closed_jar_keeps_its_history_and_takes_nothing(saver: Saver) -> None:
    jar = saver.jar()
    saver.deposit(jar, "50")
    refused = saver.call("DELETE", f"/api/jars/{jar}/")
    assert (refused.status_code, refused.json["code"]) == (409, "jar_not_empty")
    saver.withdraw(jar, "50")
    for _ in range(2):
        assert saver.call("DELETE", f"/api/jars/{jar}/").status_code == 204
    assert read(saver, jar)["status"] == "closed"
    assert len(saver.get(f"/api/jars/{jar}/transactions/").json["items"]) == 2
    for answer in (saver.deposit(jar, "1"), saver.withdraw(jar, "1"), patch(saver, jar, name="Again")):
        assert (answer.status_code, answer.json["code"]) == (409, "jar_closed")
    assert jar in [item["id"] for item in saver.get("/api/jars/").json["items"]]


def test_only_so_many_jars_are_open_at_once(new_app: Callable[..., Flask]) -> None:
    app = new_app(MAX_JARS="3")
    saver = factories.make_saver(app)

    def make(_: int) -> int:
        phone = app.test_client()
        body = {"name": "B", "plan_type": "daily", "target_amount": "50"}
        return phone.post("/api/jars/", json=body, headers=saver.headers).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(make, range(8)))
    assert statuses == [201] * 3 + [409] * 5
    refused = saver.post("/api/jars/", {"name": "B", "plan_type": "daily", "target_amount": "50"})
    assert (refused.status_code, refused.json["code"]) == (409, "jar_limit")
    first = saver.get("/api/jars/").json["items"][0]["id"]
    saver.call("DELETE", f"/api/jars/{first}/")
    assert saver.post("/api/jars/", {"name": "B", "plan_type": "daily", "target_amount": "50"}).status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("start_date", "2027-07-18"),  # more than a year ahead
        ("start_date", "2025-07-13"),
        ("end_date", "2026-07-14"),  # before the start
        ("end_date", "2099-01-01"),
    ],
)
def test_dates_out_of_reach_are_refused(saver: Saver, clock: Clock, field: str, value: str) -> None:
    answer = saver.post("/api/jars/", {"name": "B", "plan_type": "daily", "target_amount": "50", field: value})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_progress_pace_and_whether_the_end_is_in_reach(saver: Saver, clock: Clock) -> None:
    jar = saver.jar(target_amount="300", end_date="2026-07-20")  # six days, the first one included
    new = read(saver, jar)
    assert (new["progress"], new["projected_completion_date"], new["on_track"]) == (0.0, None, False)
    answer = saver.deposit(jar, "50").json["jar"]  # 50 in one day: five more days for the other 250
    assert (answer["progress"], answer["projected_completion_date"], answer["on_track"]) == (
        0.1666,  # cut, not rounded: 1 only when all of it is there
        "2026-07-20",
        True,
    )
    clock.advance(days=1)
    later = read(saver, jar)  # 50 in two days: ten more
    assert (later["projected_completion_date"], later["on_track"]) == ("2026-07-26", False)
    full = saver.deposit(jar, "250").json["jar"]
    assert (full["progress"], full["projected_completion_date"], full["on_track"], full["status"]) == (
        1.0,
        "2026-07-16",
        True,
        "completed",
    )
    saver.withdraw(jar, "0.01")
    assert read(saver, jar)["progress"] == 0.9999


def test_a_pace_beyond_a_century_is_no_forecast(saver: Saver, clock: Clock) -> None:
    jar = saver.jar(target_amount="1000000")
    assert saver.deposit(jar, "1").json["jar"]["projected_completion_date"] is None


def test_the_end_date_moves_and_the_streak_follows(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    saver.deposit(jar, "5")
    assert "end_date" in patch(saver, jar, end_date="2026-07-14").json["errors"]
    ended = patch(saver, jar, end_date="2026-07-15")
    assert ended.json["jar"]["streak_count"] == 1
    clock.advance(days=3)
    assert saver.deposit(jar, "5").json["jar"]["streak_count"] == 1  # after the plan's end nothing counts or breaks
    again = patch(saver, jar, end_date=None).json["jar"]
    assert again["streak_count"] == 1  # the days between were missed; today's deposit counts
    assert again["end_date"] is None
