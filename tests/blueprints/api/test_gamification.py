"""Streaks, freezes and pauses through the API."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

TODAY = date(2026, 7, 15)  # a Wednesday, the clock's


def save_daily(saver: Saver, clock: Clock, jar: str, days: int) -> None:
    """A deposit on each of ``days`` days, the first of them today; the clock stands on the day after the last."""
    for _ in range(days):
        assert saver.deposit(jar, "50").status_code == 201
        clock.advance(days=1)


def streaks(saver: Saver) -> dict[str, Any]:
    answer = saver.get("/api/streaks/")
    assert answer.status_code == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.usefixtures("clock")
def test_a_new_saver_has_nothing_yet(saver: Saver) -> None:
    answer = streaks(saver)
    calendar = answer.pop("calendar")
    assert answer == {
        "current": 0, "longest": 0, "unit": "days", "at_risk": False, "next_deposit_due": None, "freezes_left": 0,
        "jars": [],
    }  # fmt: skip
    assert (calendar[-1]["date"], date.fromisoformat(calendar[0]["date"]).weekday()) == ("2026-07-15", 0)
    assert not any(day["deposited"] for day in calendar)


def test_the_savers_own_streak_is_that_of_the_longest_row(saver: Saver, clock: Clock) -> None:
    daily, weekly = saver.jar(), saver.jar(plan_type="weekly")
    saver.jar(plan_type="flexible")
    saver.deposit(weekly, "10")
    save_daily(saver, clock, daily, 3)
    answer = streaks(saver)
    assert (answer["current"], answer["longest"], answer["unit"]) == (3, 3, "days")
    assert (answer["at_risk"], answer["next_deposit_due"]) == (True, "2026-07-18")
    assert answer["jars"] == [
        {
            "jar_id": daily, "plan_type": "daily", "current": 3, "longest": 3, "at_risk": True, "due_by": "2026-07-18",
        },
        {
            "jar_id": weekly, "plan_type": "weekly", "current": 1, "longest": 1, "at_risk": False,
            "due_by": "2026-07-26",
        },
    ]  # fmt: skip


def test_the_calendar_counts_what_was_put_in(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    saver.deposit(jar, "50")
    saver.deposit(jar, "25.50")
    clock.advance(days=1)
    saver.withdraw(jar, "10")
    days = {day["date"]: day for day in streaks(saver)["calendar"]}
    assert days["2026-07-15"] == {"date": "2026-07-15", "deposited": True, "deposits": 2, "amount": "75.50"}
    assert days["2026-07-16"] == {"date": "2026-07-16", "deposited": False, "deposits": 0, "amount": "0.00"}
    assert len(days) == 15 * 7 + 4


def test_seven_days_earn_a_freeze_that_saves_the_eighth(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save_daily(saver, clock, jar, 7)
    assert streaks(saver)["freezes_left"] == 1
    clock.advance(days=1)
    answer = streaks(saver)
    assert (answer["current"], answer["freezes_left"]) == (7, 0)
    assert saver.deposit(jar, "50").json["streak"]["current"] == 8
    clock.advance(days=2)
    answer = streaks(saver)
    assert (answer["current"], answer["longest"], answer["freezes_left"]) == (0, 8, 0)
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["streak_count"] == 0


def test_two_freezes_are_the_most(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save_daily(saver, clock, jar, 22)
    assert streaks(saver)["freezes_left"] == 2
    clock.advance(days=3)
    answer = streaks(saver)
    assert (answer["current"], answer["freezes_left"]) == (0, 0)


def test_a_deposit_closes_the_days_before_it_by_itself(saver: Saver, clock: Clock, superuser: Any) -> None:
    """Nobody looks and no job runs in between."""
    jar = saver.jar()
    save_daily(saver, clock, jar, 7)
    clock.advance(days=1)
    assert saver.deposit(jar, "50").json["streak"]["current"] == 8
    with superuser.cursor() as cursor:
        cursor.execute(
            "SELECT period_start, closed_on FROM frozen_periods WHERE jar_id = %s",
            (jar,),
        )
        assert cursor.fetchall() == [(TODAY + timedelta(days=7), TODAY + timedelta(days=7))]
        cursor.execute("SELECT freezes_held, closed_through FROM saver_habits WHERE user_id = %s", (str(saver.id),))
        assert cursor.fetchone() == (0, TODAY + timedelta(days=7))


def test_a_reversal_takes_back_the_freeze_that_the_day_had_earned(
    app: Flask, saver: Saver, clock: Clock, superuser: Any
) -> None:
    from app.services.ops import reversals
    from app.transactions import run

    jar = saver.jar()
    save_daily(saver, clock, jar, 6)
    seventh = saver.deposit(jar, "50").json["transaction"]["id"]
    clock.advance(days=1)
    assert streaks(saver)["freezes_left"] == 1
    with app.app_context():
        run(lambda: reversals.reverse(seventh, reason="by mistake", by=None, at=clock.now()))
    answer = streaks(saver)
    assert (answer["current"], answer["freezes_left"]) == (0, 0)


# ---- pauses ----


def test_a_paused_jar_keeps_its_streak_and_is_not_at_risk(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save_daily(saver, clock, jar, 3)
    answer = saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-07-22"})
    assert (answer.status_code, answer.json["jar"]["streak_count"]) == (200, 3)
    clock.advance(days=2)
    seen = streaks(saver)
    assert (seen["current"], seen["at_risk"], seen["next_deposit_due"]) == (3, False, "2026-07-23")
    clock.advance(days=3)
    assert saver.deposit(jar, "50").json["streak"]["current"] == 4
    assert streaks(saver)["freezes_left"] == 0


def test_a_pause_ends_when_its_saver_says_so(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save_daily(saver, clock, jar, 3)
    saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-07-30"})
    clock.advance(days=2)
    assert saver.call("DELETE", f"/api/jars/{jar}/pause/").status_code == 200
    assert streaks(saver)["at_risk"] is True
    clock.advance(days=1)
    assert streaks(saver)["current"] == 0


def test_a_pause_of_today_alone_can_be_taken_back(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    save_daily(saver, clock, jar, 3)
    saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-07-18"})
    saver.call("DELETE", f"/api/jars/{jar}/pause/")
    assert saver.call("DELETE", f"/api/jars/{jar}/pause/").status_code == 200
    clock.advance(days=1)
    assert streaks(saver)["current"] == 0


@pytest.mark.parametrize(
    "until", ["2026-07-14", "2026-08-14", "tomorrow", "", None, 5, "2026-13-01"], ids=lambda value: repr(value)
)
def test_a_pause_that_cannot_be(saver: Saver, clock: Clock, until: Any) -> None:
    jar = saver.jar()
    answer = saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": until})
    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (
        422,
        "validation_error",
        ["until"],
    )


def test_thirty_days_are_the_most_however_often_it_is_moved(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    assert saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-08-13"}).status_code == 200
    clock.advance(days=10)
    assert saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-08-14"}).status_code == 422
    clock.advance(days=20)  # the day after its last
    assert saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-08-14"}).status_code == 422
    clock.advance(days=1)
    assert saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-08-20"}).status_code == 200


def test_a_flexible_and_a_closed_jar_have_nothing_to_pause(saver: Saver, clock: Clock) -> None:
    flexible, closed = saver.jar(plan_type="flexible"), saver.jar()
    saver.call("DELETE", f"/api/jars/{closed}/")
    body = {"until": "2026-07-16"}
    assert saver.call("PUT", f"/api/jars/{flexible}/pause/", body).status_code == 422
    refused = saver.call("PUT", f"/api/jars/{closed}/pause/", body)
    assert (refused.status_code, refused.json["code"]) == (409, "jar_closed")


def test_a_jar_that_begins_in_the_past_uses_no_freeze_for_days_before_it_was_made(
    app: Flask, saver: Saver, clock: Clock
) -> None:
    first = saver.jar()
    save_daily(saver, clock, first, 14)
    saver.jar(start_date="2026-07-15")
    saver.deposit(first, "50")
    clock.advance(days=1)
    # The new jar's one day of its own was missed.
    assert streaks(saver)["freezes_left"] == 1
    assert factories.make_saver(app).get("/api/streaks/").json["freezes_left"] == 0


# ---- badges ----


def test_badges_held_and_to_come(saver: Saver, clock: Clock) -> None:
    jar = saver.jar(target_amount="100")
    saver.deposit(jar, "55")
    answer = saver.get("/api/badges/").json
    assert list(answer) == ["earned", "available"]
    assert {badge["badge_type"]: badge for badge in answer["earned"]} == {
        "first_deposit": {
            "badge_type": "first_deposit",
            "title": "First coin",
            "description": "You put something aside for the first time.",
            "earned_at": "2026-07-15T06:30:00.000Z",
            "image": "/static/badges/first_deposit.svg",
            "jar_id": None,
        },
        "halfway": {
            "badge_type": "halfway",
            "title": "Halfway",
            "description": "A jar of yours is half full.",
            "earned_at": "2026-07-15T06:30:00.000Z",
            "image": "/static/badges/halfway.svg",
            "jar_id": jar,
        },
    }
    to_come = {badge["badge_type"]: badge for badge in answer["available"]}
    assert len(to_come) == len(answer["available"]) == 19
    assert to_come["target_reached"] == {
        "badge_type": "target_reached",
        "title": "Full pot",
        "description": "You reached what you were saving for.",
        "progress": 0.55,
        "have": 55,
        "need": 100,
        "image": "/static/badges/target_reached.svg",
        "jar_id": jar,
    }
    assert to_come["streak_7_days"]["progress"] == 0.14
    assert (to_come["loan_repaid"]["progress"], to_come["score_up_50"]["progress"]) == (0.0, 0.0)
    for badge in answer["earned"] + answer["available"]:
        drawing = saver.client.get(badge["image"])
        assert (drawing.status_code, drawing.mimetype) == (200, "image/svg+xml")


def test_badges_are_in_the_savers_language(app: Flask, clock: Clock) -> None:
    saver = factories.make_saver(app, language="hi")
    (earned,) = saver.deposit(saver.jar(), "5").json["badges_earned"]
    assert (earned["title"], earned["description"]) == ("पहला सिक्का", "पहली बार कुछ बचाकर रखा।")
    answer = saver.get("/api/badges/").json
    assert answer["earned"] == [earned]
    assert "भरी गुल्लक" in {badge["title"] for badge in answer["available"]}


def test_badges_of_others_are_not_in_it(app: Flask, saver: Saver, clock: Clock) -> None:
    saver.deposit(saver.jar(), "5")
    assert factories.make_saver(app).get("/api/badges/").json["earned"] == []
