"""Badges to come: which they are, how far each is, and which is the nearest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app import transactions
from app.services.gamification import badges
from app.services.gamification.badges import CATALOGUE
from app.services.savings import badge_wall
from app.services.savings.badge_wall import Wall, Way
from app.transactions import run
from tests.conftest import Clock
from tests.factories import Saver


def wall(app: Flask, saver: Saver, clock: Clock) -> Wall:
    with app.app_context():
        person = saver.principal()
        return run(lambda: badge_wall.wall(person, at=clock.now()))


def ways(app: Flask, saver: Saver, clock: Clock) -> dict[str, Way]:
    return {way.badge.code: way for way in wall(app, saver, clock).ways}


def counted(way: Way) -> tuple[int, int, float]:
    return way.have, way.need, way.progress


def award(app: Flask, saver: Saver, clock: Clock, *codes: str) -> list[badges.EarnedBadge]:
    """As the parts do that award without a movement."""
    with app.app_context():
        return run(
            lambda: badges.award(user_id=saver.id, jar_id=None, transaction_id=None, at=clock.now(), reached=codes)
        )


def test_a_new_saver_has_every_way_before_them(app: Flask, saver: Saver, clock: Clock) -> None:
    seen = wall(app, saver, clock)
    assert (seen.earned, seen.jars) == ([], {})
    assert [way.badge.code for way in seen.ways] == list(CATALOGUE)
    assert {way.progress for way in seen.ways} == {0.0}
    assert seen.nearest is not None
    assert seen.nearest.badge.code == "first_deposit"


def test_a_streak_counts_in_the_best_jar_of_its_plan(app: Flask, saver: Saver, clock: Clock) -> None:
    short, long, weekly = saver.jar(name="Short"), saver.jar(name="Long"), saver.jar(plan_type="weekly")
    for number in range(4):
        saver.deposit(long, "1")
        if number == 3:
            saver.deposit(short, "1")
            saver.deposit(weekly, "1")
        clock.advance(days=1)
    found = ways(app, saver, clock)
    assert counted(found["streak_7_days"]) == (4, 7, 0.57)
    assert counted(found["streak_365_days"]) == (4, 365, 0.01)
    assert counted(found["streak_4_weeks"]) == (1, 4, 0.25)
    assert counted(found["streak_3_months"]) == (0, 3, 0.0)
    assert found["streak_7_days"].jar is not None
    assert found["streak_7_days"].jar.name == "Long"
    seen = wall(app, saver, clock)
    assert seen.nearest is not None
    assert seen.nearest.badge.code == "streak_7_days"


def test_a_share_counts_in_the_fullest_jar_that_has_not_got_the_badge(app: Flask, saver: Saver, clock: Clock) -> None:
    one, other = saver.jar(name="One", target_amount="100"), saver.jar(name="Other", target_amount="1000")
    saver.deposit(one, "39.99")
    saver.deposit(other, "10")
    found = ways(app, saver, clock)
    assert counted(found["halfway"]) == (39, 50, 0.78)
    assert counted(found["target_reached"]) == (39, 100, 0.39)
    saver.deposit(one, "20")
    found = ways(app, saver, clock)
    assert counted(found["halfway"]) == (1, 50, 0.02)
    assert found["halfway"].jar is not None
    assert (found["halfway"].jar.name, found["target_reached"].have) == ("Other", 59)
    saver.deposit(one, "50")
    saver.deposit(other, "990")
    found = ways(app, saver, clock)
    assert "target_reached" not in found, "both jars are full"
    assert "halfway" not in found
    assert counted(found["three_pots"]) == (2, 3, 0.66)


def test_a_row_that_ended_and_a_second_jar(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    for _ in range(3):
        saver.deposit(jar, "1")
        clock.advance(days=1)
    found = ways(app, saver, clock)
    assert counted(found["comeback"]) == (0, 3, 0.0), "the row is alight"
    assert counted(found["second_pot"]) == (1, 2, 0.5)
    clock.advance(days=2)
    saver.deposit(jar, "1")
    assert counted(ways(app, saver, clock)["comeback"]) == (1, 3, 0.33)


@pytest.mark.parametrize(("on_time", "have", "later"), [(14, 14, False), (13, 0, True)])
def test_a_month_on_time_counts_what_closes_until_its_end(
    app: Flask, saver: Saver, clock: Clock, superuser: Any, on_time: int, have: int, later: bool
) -> None:
    saver.jar()
    saver.jar(plan_type="weekly")
    with superuser.cursor() as cursor:
        cursor.execute(
            "UPDATE saver_habits SET month_closed = 14, month_on_time = %s WHERE user_id = %s", (on_time, str(saver.id))
        )
    way = ways(app, saver, clock)["on_time_month"]
    # Seventeen days from the 15th of July on, and the weeks that close on the Mondays 20 and 27.
    assert (way.have, way.need, way.later) == (have, 14 + 17 + 2, later)


def test_the_month_before_is_another_month(app: Flask, saver: Saver, clock: Clock, superuser: Any) -> None:
    saver.jar()
    with superuser.cursor() as cursor:
        cursor.execute(
            "UPDATE saver_habits SET month_closed = 9, month_on_time = 9, closed_through = '2026-07-31'"
            " WHERE user_id = %s",
            (str(saver.id),),
        )
    clock.advance(days=17)
    assert counted(ways(app, saver, clock)["on_time_month"]) == (0, 31, 0.0)


def test_what_no_deposit_leads_to_is_awarded_by_others_and_never_the_nearest(
    app: Flask, saver: Saver, clock: Clock
) -> None:
    assert [badge.badge_type for badge in award(app, saver, clock, "loan_repaid", "score_up_50")] == [
        "loan_repaid",
        "score_up_50",
    ]
    assert award(app, saver, clock, "loan_repaid") == []
    saver.jar()
    seen = wall(app, saver, clock)
    assert {badge.badge_type for badge in seen.earned} == {"loan_repaid", "score_up_50"}
    assert not {"loan_repaid", "score_up_50"} & {way.badge.code for way in seen.ways}


def test_the_newest_comes_first_and_a_closed_jar_keeps_its_name(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar(name="Bangles", target_amount="10")
    saver.deposit(jar, "6")
    clock.advance(days=1)
    saver.deposit(jar, "4")
    saver.withdraw(jar, "10")
    saver.call("DELETE", f"/api/jars/{jar}/")
    seen = wall(app, saver, clock)
    assert [badge.badge_type for badge in seen.earned] == ["target_reached", "halfway", "first_deposit"]
    assert seen.earned[0].earned_at - seen.earned[1].earned_at == timedelta(days=1)
    assert seen.jars[UUID(jar)] == "Bangles"


def test_one_question_to_the_database(app: Flask, saver: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        saver.deposit(saver.jar(name=f"Jar {number}"), "5")
    sent: list[str] = []
    send = transactions._send
    with app.app_context():
        person = saver.principal()
        monkeypatch.setattr(
            transactions, "_send", lambda work, **more: sent.append(str(work.queue)) or send(work, **more)
        )
        run(lambda: badge_wall.wall(person, at=clock.now()))
    assert len(sent) == 2, sent  # the question, and the end of the transaction


def test_a_deposit_that_reaches_nothing_costs_nothing(
    app: Flask, saver: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    jar = saver.jar()
    saver.deposit(jar, "5")
    sent: list[str] = []
    send = transactions._send
    monkeypatch.setattr(transactions, "_send", lambda work, **more: sent.append(str(work.queue)) or send(work, **more))
    assert saver.deposit(jar, "5").json["badges_earned"] == []
    assert len(sent) == 3, "who, lock, write"
    clock.advance(days=1)
    saver.get("/api/streaks/")  # closes yesterday
    sent.clear()
    assert saver.deposit(jar, "5").json["badges_earned"] == []
    assert len(sent) == 3
    sent.clear()
    assert len(saver.deposit(saver.jar(name="Second"), "5").json["badges_earned"]) == 1
    assert len([one for one in sent if "INSERT INTO badges" in one]) == 1, "one statement for all that was reached"
