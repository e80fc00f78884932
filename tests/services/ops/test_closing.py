"""Closing a day for everybody does to each saver what their own look would have done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.services.gamification.habit import from_history
from app.services.gamification.streaks import DAY
from app.services.gamification.tallies import tallies_from_history
from app.services.ops.closing import close_days
from app.services.ops.reversals import reverse
from app.services.savings.jar import COLUMNS, Jar
from app.services.savings.streak_history import movements_of
from app.transactions import fetch, run, transaction
from tests import factories
from tests.conftest import Clock, superuser_connection
from tests.factories import Saver

FIRST = datetime(2026, 1, 20, 6, 30, tzinfo=UTC)  # noon in Kolkata, a Tuesday


@pytest.fixture
def alone(new_app: Callable[..., Flask], clock: Clock) -> Flask:
    """An application whose savers nobody else makes."""
    clock.set(FIRST)
    return new_app()


@pytest.fixture
def database(alone: Flask, stack: Any) -> Iterator[Any]:
    connection = superuser_connection(alone, stack)
    yield connection
    connection.close()


def rows(connection: Any, sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def close(app: Flask, clock: Clock) -> Any:
    with app.app_context():
        return close_days(clock.now(), chunk=3)


def kept(connection: Any, saver: Saver) -> list[Any]:
    """Everything of the saver's habit but the ids."""
    return [
        rows(
            connection,
            "SELECT freezes_held, freeze_parts, closed_through, week_closed, week_on_time, month_closed, month_on_time,"
            " all_closed, all_on_time FROM saver_habits WHERE user_id = %s",
            str(saver.id),
        ),
        rows(
            connection,
            "SELECT name, status, streak_count, streak_longest FROM savings_jars WHERE user_id = %s"
            " ORDER BY created_at, id",
            str(saver.id),
        ),
        rows(
            connection,
            "SELECT j.name, f.period_start, f.closed_on FROM frozen_periods f JOIN savings_jars j ON j.id = f.jar_id"
            " WHERE j.user_id = %s ORDER BY 2, 1",
            str(saver.id),
        ),
        rows(
            connection,
            "SELECT badge_type FROM badges WHERE user_id = %s AND transaction_id IS NULL",
            str(saver.id),
        ),
    ]


def undo(app: Flask, clock: Clock, transaction_id: str) -> None:
    with app.app_context():
        run(lambda: reverse(UUID(transaction_id), reason="test", by=UUID(int=1), second=UUID(int=2), at=clock.now()))


def recomputed(app: Flask, clock: Clock, connection: Any, saver: Saver) -> None:
    """What is kept of the saver equals what the jars' terms and transactions say."""
    with app.app_context(), transaction():
        today = saver.principal().zone.date(clock.now())
        jars = [
            Jar(*row)
            for row in fetch(
                f"SELECT {COLUMNS} FROM savings_jars j WHERE user_id = %s ORDER BY created_at, id", (saver.id,)
            )
        ]
        terms = [jar.terms for jar in jars]
        moved = [[m for m in movements_of(jar.id) if jar.counts_on(m.reverses_day or m.day)] for jar in jars]
    freezes, histories = from_history(list(zip(terms, moved, strict=True)), today)
    tallies = tallies_from_history(list(zip(terms, histories, strict=True)), today - DAY)
    habit, streaks, frozen, _ = kept(connection, saver)
    assert habit == [(freezes.held, freezes.parts, today - DAY, *astuple(tallies))]
    assert [row[2] for row in streaks] == [history.current for history in histories]
    assert [row[1] for row in frozen] == sorted(
        one.period.start for history in histories for one in history.periods if one.state == "frozen"
    )


def told(connection: Any, saver: Saver, change: str) -> list[Any]:
    """What the saver was told of streaks."""
    return rows(
        connection,
        "SELECT facts - 'jar_id' FROM notifications WHERE user_id = %s AND kind = 'streak_changed'"
        " AND facts->>'change' = %s ORDER BY facts->>'period_start', facts->>'jar'",
        str(saver.id),
        change,
    )


@pytest.mark.parametrize("seed", [*range(12), 47])
def test_the_job_does_what_a_look_does(alone: Flask, clock: Clock, database: Any, seed: int) -> None:
    """Two savers do the same; the job closes the days of one, and the other's own looks close theirs.

    The last history has months only, and the days about their ends: there a jar is filled within a grace.
    """
    random, months = Random(seed), seed > 12
    twins = [factories.make_saver(alone, time_zone=random.choice(["Asia/Kolkata", "UTC"])) for _ in range(1)]
    twins.append(factories.make_saver(alone))
    rows(database, "UPDATE users SET time_zone = (SELECT time_zone FROM users WHERE id = %s)", str(twins[0].id))
    rows(database, "SELECT pg_advisory_lock(hashtextextended(%s, 0))", str(twins[1].id))
    jars: list[tuple[str, str]] = []

    def both(act: Callable[[Saver, int], Any]) -> list[Any]:
        rows(database, "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", str(twins[1].id))
        done = [act(saver, number) for number, saver in enumerate(twins)]
        rows(database, "SELECT pg_advisory_lock(hashtextextended(%s, 0))", str(twins[1].id))
        return done

    for number in range(4 if months else random.randint(1, 3)):
        values = {
            "name": f"Jar {number}",
            "plan_type": "monthly" if months else random.choice(["daily", "daily", "weekly", "monthly"]),
            "target_amount": random.choice(["60", "150", "400", "100000"]),
            "installment_amount": random.choice([None, "20"]),
        }
        if random.random() < 0.3:
            values["end_date"] = (FIRST + timedelta(days=random.randint(5, 50))).date().isoformat()
        first, second = both(lambda saver, _, values=values: saver.jar(**values))
        jars.append((first, second))
    made: list[tuple[str, str]] = []
    for _ in range(75):
        for jar in list(jars):
            if random.random() < (0.4 if months else 0.75):
                amount = random.choice(["5", "20", "20", "50"])
                answers = both(lambda saver, which, jar=jar, amount=amount: saver.deposit(jar[which], amount))
                made.append(tuple(answer.json["transaction"]["id"] for answer in answers))
            if random.random() < (0.2 if months else 0.08):
                amount = random.choice(["20", "50"])
                answers = both(lambda saver, which, jar=jar, amount=amount: saver.withdraw(jar[which], amount))
                if answers[0].status_code == 201:
                    made.append(tuple(answer.json["transaction"]["id"] for answer in answers))
            if random.random() < 0.03:
                until = (clock.now() + timedelta(days=random.randint(1, 12))).date().isoformat()
                body = {"until": until}
                both(lambda saver, which, jar=jar, body=body: saver.call("PUT", f"/api/jars/{jar[which]}/pause/", body))
            if len(jars) > 1 and random.random() < 0.01:
                held = twins[0].get(f"/api/jars/{jar[0]}/").json["jar"]["current_amount"]
                if held != "0.00":
                    both(lambda saver, which, jar=jar, held=held: saver.withdraw(jar[which], held))
                answers = both(lambda saver, which, jar=jar: saver.call("DELETE", f"/api/jars/{jar[which]}/"))
                assert [answer.status_code for answer in answers] == [204, 204]
                jars.remove(jar)
        if made and random.random() < 0.05:
            wrong = made.pop(random.randrange(len(made)))
            both(lambda saver, which, wrong=wrong: undo(alone, clock, wrong[which]))
        if random.random() < 0.02:
            body = {"time_zone": random.choice(["America/New_York", "Pacific/Apia", "Asia/Kolkata"])}
            both(lambda saver, which, body=body: saver.call("PATCH", "/api/profile/", body))
        clock.advance(days=random.choice([1, 1, 1, 1, 2, 4]))
        if months and 4 < clock.now().day < 30:
            clock.advance(days=max(30 - clock.now().day, 1))
        if random.random() < 0.7:
            close(alone, clock)
    clock.advance(days=random.choice([1, 9, 40]))
    close(alone, clock)
    rows(database, "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", str(twins[1].id))
    before = kept(database, twins[0])
    assert twins[1].get("/api/streaks/").status_code == 200
    assert kept(database, twins[1]) == before
    assert told(database, twins[1], "lost") == told(database, twins[0], "lost")
    # Who comes back after days is told of the newest freeze of each jar, and not at all where the streak ended.
    frozen = told(database, twins[0], "frozen")
    assert all(one in frozen for one in told(database, twins[1], "frozen"))
    recomputed(alone, clock, database, twins[0])
    first, second = (saver.get("/api/streaks/").json for saver in twins)
    for answer in (first, second):
        for jar in answer["jars"]:
            del jar["jar_id"]
    assert first == second


def test_a_day_is_closed_at_each_zones_own_midnight(alone: Flask, clock: Clock, database: Any) -> None:
    zones = ["Pacific/Auckland", "Asia/Kolkata", "America/Los_Angeles"]
    savers = {zone: factories.make_saver(alone, time_zone=zone) for zone in zones}
    for saver in savers.values():
        saver.jar()
    for hours in range(1, 49):
        clock.set(FIRST + timedelta(hours=hours))
        close(alone, clock)
        for zone, saver in savers.items():
            ((through,),) = rows(database, "SELECT closed_through FROM saver_habits WHERE user_id = %s", str(saver.id))
            with alone.app_context():
                assert through == saver.principal().zone.date(clock.now()) - timedelta(days=1), zone


def test_a_second_run_finds_nothing_and_a_late_one_catches_up(alone: Flask, clock: Clock, database: Any) -> None:
    saver = factories.make_saver(alone)
    jar = saver.jar()
    saver.deposit(jar, "5")
    clock.advance(days=10)
    first, second = close(alone, clock), close(alone, clock)
    assert (first.periods, first.met, first.lost) == (10, 1, 1)
    assert (second.savers, second.periods) == (0, 0)
    assert rows(database, "SELECT streak_count FROM savings_jars WHERE id = %s", jar) == [(0,)]


def test_a_history_never_gone_through_is_gone_through(alone: Flask, clock: Clock, database: Any) -> None:
    saver = factories.make_saver(alone)
    jar = saver.jar()
    for _ in range(8):
        saver.deposit(jar, "5")
        clock.advance(days=1)
    rows(database, "UPDATE saver_habits SET closed_through = NULL, freezes_held = 0, freeze_parts = 0")
    close(alone, clock)
    assert rows(database, "SELECT freezes_held, freeze_parts, closed_through FROM saver_habits") == [
        (1, 4, date(2026, 1, 27))
    ]


def test_a_deposit_that_meets_the_closing_of_its_own_day_counts(alone: Flask, clock: Clock, database: Any) -> None:
    """It began before midnight, and the day was closed before it had the saver's lock."""
    saver = factories.make_saver(alone)
    jar = saver.jar()
    saver.deposit(jar, "5")
    clock.advance(days=1)
    late = clock.now()
    clock.advance(days=1)
    close(alone, clock)
    assert rows(database, "SELECT streak_count FROM savings_jars WHERE id = %s", jar) == [(0,)]
    clock.set(late)
    answer = saver.deposit(jar, "5").json
    assert (answer["streak"]["current"], answer["jar"]["streak_count"]) == (2, 2)
    clock.advance(days=1)
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["streak_count"] == 2


def test_a_pause_and_a_jar_that_meet_the_closing_of_their_day_count(alone: Flask, clock: Clock, database: Any) -> None:
    saver = factories.make_saver(alone)
    jar = streak_of(saver, clock, 3)
    late = clock.now()
    clock.advance(days=1)
    close(alone, clock)
    assert rows(database, "SELECT all_closed, all_on_time FROM saver_habits") == [(4, 3)]
    clock.set(late)
    until = late.date().isoformat()
    assert saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": until}).json["jar"]["streak_count"] == 3
    assert rows(database, "SELECT all_closed, all_on_time FROM saver_habits") == [(3, 3)]
    saver.jar(name="Another")
    assert rows(database, "SELECT all_closed, all_on_time FROM saver_habits") == [(4, 3)]


def test_who_changed_zone_is_closed_with_everybody_again_days_later(alone: Flask, clock: Clock, database: Any) -> None:
    saver = factories.make_saver(alone)
    saver.jar(start_date=(FIRST - timedelta(days=10)).date().isoformat())
    assert saver.call("PATCH", "/api/profile/", {"time_zone": "Pacific/Auckland"}).status_code == 200
    for _ in range(4):
        close(alone, clock)
        ((zone, following),) = rows(database, "SELECT time_zone, time_zone_next FROM users")
        assert (zone, following) == ("Asia/Kolkata", "Pacific/Auckland"), "its first days are held back"
        clock.advance(days=1)
    close(alone, clock)
    assert rows(database, "SELECT time_zone, time_zone_next, time_zone_from FROM users") == [
        ("Pacific/Auckland", None, None)
    ]
    clock.advance(days=1)
    close(alone, clock)
    ((through, closed),) = rows(database, "SELECT closed_through, all_closed FROM saver_habits")
    with alone.app_context():
        today = saver.principal().zone.date(clock.now())
    assert (through, closed) == (today - DAY, (today - FIRST.date()).days)
    recomputed(alone, clock, database, saver)


def test_a_saver_who_is_busy_waits_for_the_next_round(alone: Flask, clock: Clock, database: Any) -> None:
    saver, other = factories.make_saver(alone), factories.make_saver(alone)
    for one in (saver, other):
        one.jar()
    rows(database, "UPDATE saver_habits SET closed_through = NULL")
    rows(database, "SELECT pg_advisory_lock(hashtextextended(%s, 0))", str(saver.id))
    clock.advance(days=1)
    assert close(alone, clock).savers == 1
    rows(database, "SELECT pg_advisory_unlock(hashtextextended(%s, 0))", str(saver.id))
    assert close(alone, clock).savers == 1


def test_a_jar_whose_saver_has_no_habit_yet_gets_one(alone: Flask, clock: Clock, database: Any) -> None:
    """As where the version before this one made the jar, while this one was rolled out."""
    saver = factories.make_saver(alone)
    jar = saver.jar()
    rows(database, "DELETE FROM saver_habits")
    assert saver.deposit(jar, "5").status_code == 201
    assert rows(database, "SELECT freezes_held, closed_through FROM saver_habits") == [(0, date(2026, 1, 19))]


@pytest.mark.parametrize("by_job", [True, False])
@pytest.mark.parametrize("then", ["unmet", "met"])
def test_the_month_before_the_one_that_filled_a_jar_closes_once(
    alone: Flask, clock: Clock, database: Any, by_job: bool, then: str
) -> None:
    """Whether the month that filled it was met may change while the month before is in its grace."""
    saver = factories.make_saver(alone)
    jar = saver.jar(plan_type="monthly", target_amount="100")
    saver.deposit(jar, "60")
    clock.set(FIRST + timedelta(days=12))
    assert saver.deposit(jar, "40").json["jar"]["status"] == "completed"
    if then == "met":
        saver.withdraw(jar, "40")
    for day in range(1, 5):
        clock.advance(days=1)
        if by_job:
            close(alone, clock)
        assert saver.get("/api/streaks/").status_code == 200
        if day == 1:
            assert getattr(saver, "deposit" if then == "met" else "withdraw")(jar, "40").status_code == 201
    assert rows(database, "SELECT all_closed, all_on_time, freeze_parts FROM saver_habits") == [(1, 1, 14)]
    recomputed(alone, clock, database, saver)
    clock.advance(days=40)
    close(alone, clock)
    assert rows(database, "SELECT all_closed FROM saver_habits") == [(2 if then == "met" else 1,)]
    recomputed(alone, clock, database, saver)


@pytest.mark.parametrize("by_job", [True, False])
def test_a_month_is_open_through_its_grace_also_in_a_jar_that_was_filled_meanwhile(
    alone: Flask, clock: Clock, database: Any, by_job: bool
) -> None:
    saver = factories.make_saver(alone)
    jar = saver.jar(plan_type="monthly", target_amount="50", installment_amount="50")
    saver.deposit(jar, "20")
    clock.set(FIRST + timedelta(days=12))
    saver.withdraw(jar, "20")
    assert saver.deposit(jar, "50").json["jar"]["status"] == "completed"
    saver.withdraw(jar, "20")
    clock.advance(days=1)
    if by_job:
        close(alone, clock)
    assert rows(database, "SELECT all_closed FROM saver_habits") == [(0,)]
    saver.deposit(jar, "10")
    clock.advance(days=3)
    if by_job:
        close(alone, clock)
    saver.get("/api/streaks/")
    recomputed(alone, clock, database, saver)
    assert rows(database, "SELECT all_closed, all_on_time FROM saver_habits") == [(1, 1)]


# ---- what savers are told ----


def sent(connection: Any) -> list[tuple[str, str]]:
    """Savers and notices that the outbox hands on for sending."""
    messages = rows(connection, "SELECT payload FROM outbox WHERE topic = 'notifications.made' ORDER BY id")
    return sorted((user, notice) for (payload,) in messages for user, notice in payload["notices"])


def streak_of(saver: Saver, clock: Clock, days: int, **values: Any) -> str:
    """A jar filled on as many days, and the clock on the one after."""
    jar = saver.jar(**values)
    for _ in range(days):
        saver.deposit(jar, "5")
        clock.advance(days=1)
    return jar


@pytest.mark.parametrize("by_job", [True, False])
def test_a_freeze_and_the_end_are_told_once(alone: Flask, clock: Clock, database: Any, by_job: bool) -> None:
    saver = factories.make_saver(alone)
    jar = streak_of(saver, clock, 8)
    for _ in range(4):
        clock.advance(days=1)
        if by_job:
            close(alone, clock)
            close(alone, clock)
        else:
            saver.get("/api/streaks/")
            saver.get("/api/streaks/")
    about = {"jar_id": jar, "jar": "Bicycle", "plan": "daily", "current": 8, "unit": "days", "freezes": 0}
    notices = rows(
        database, "SELECT facts, once, created_at, read_at FROM notifications WHERE kind = 'streak_changed' ORDER BY id"
    )
    assert notices == [
        (about | {"change": "frozen", "period_start": "2026-01-28"}, f"closed:{jar}:2026-01-28",
         FIRST + timedelta(days=9), None),
        (about | {"change": "lost", "period_start": "2026-01-29"}, f"closed:{jar}:2026-01-29",
         FIRST + timedelta(days=10), None),
    ]  # fmt: skip
    assert sent(database) == rows(
        database,
        "SELECT user_id::text, id::text FROM notifications WHERE kind = 'streak_changed' ORDER BY 1, 2",
    )


def test_who_comes_back_after_weeks_is_told_of_each_jar_once(alone: Flask, clock: Clock, database: Any) -> None:
    saver = factories.make_saver(alone)
    other = saver.jar(name="Never filled")
    jar = streak_of(saver, clock, 16)
    clock.advance(days=40)
    saver.deposit(jar, "5")
    ((facts,),) = rows(database, "SELECT facts FROM notifications WHERE kind = 'streak_changed'")
    assert (facts["change"], facts["current"], facts["jar_id"]) == ("lost", 16, jar)
    assert other != jar


def test_a_reversal_swallows_no_notice_of_the_days_before_it(alone: Flask, clock: Clock, database: Any) -> None:
    saver = factories.make_saver(alone)
    jar = saver.jar()
    wrong = saver.deposit(jar, "5").json["transaction"]["id"]
    for _ in range(2):
        clock.advance(days=1)
        saver.deposit(jar, "5")
    clock.advance(days=2)
    undo(alone, clock, wrong)
    ((facts,),) = rows(database, "SELECT facts FROM notifications WHERE kind = 'streak_changed'")
    assert (facts["change"], facts["current"], facts["period_start"]) == ("lost", 3, "2026-01-23")


def test_notices_of_many_savers_travel_in_few_messages(
    alone: Flask, clock: Clock, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.ops.closing.NOTICES_IN_A_MESSAGE", 2)
    savers = [factories.make_saver(alone) for _ in range(5)]
    for saver in savers:
        saver.deposit(saver.jar(), "5")
    clock.advance(days=2)
    with alone.app_context():
        close_days(clock.now())
    assert len(sent(database)) == 5
    assert rows(database, "SELECT count(*) FROM outbox WHERE topic = 'notifications.made'") == [(3,)]


# ---- a month on time ----


def on_time(connection: Any) -> tuple[int, list[Any]]:
    """How many hold the badge, and what was told of it."""
    ((held,),) = rows(connection, "SELECT count(*) FROM badges WHERE badge_type = 'on_time_month'")
    told = rows(
        connection,
        "SELECT facts FROM notifications WHERE facts->>'badge_type' = 'on_time_month' ORDER BY created_at, id",
    )
    return held, [facts["taken_back"] for (facts,) in told]


@pytest.mark.parametrize("by_job", [True, False])
@pytest.mark.parametrize(("days", "held"), [(12, 1), (11, 0)])
def test_a_month_of_which_all_was_on_time_earns_its_badge_once(
    alone: Flask, clock: Clock, database: Any, by_job: bool, days: int, held: int
) -> None:
    """From 20 to 31 January."""
    saver = factories.make_saver(alone)
    streak_of(saver, clock, days)
    clock.set(FIRST + timedelta(days=11))
    if by_job:
        close(alone, clock)
    assert on_time(database)[0] == 0, "the last day is not over"
    clock.advance(days=1)
    for _ in range(2):
        if by_job:
            close(alone, clock)
        saver.get("/api/streaks/")
    assert on_time(database) == (held, [False] * held)


def test_three_periods_are_no_month(alone: Flask, clock: Clock, database: Any) -> None:
    clock.set(FIRST + timedelta(days=9))
    saver = factories.make_saver(alone)
    streak_of(saver, clock, 3)
    close(alone, clock)
    assert on_time(database) == (0, [])


def test_a_reversal_takes_the_month_back_where_no_other_deserves_it(alone: Flask, clock: Clock, database: Any) -> None:
    saver = factories.make_saver(alone)
    jar = saver.jar()
    made = []
    for _ in range(12 + 28):
        made.append(saver.deposit(jar, "5").json["transaction"]["id"])
        clock.advance(days=1)
    close(alone, clock)
    assert on_time(database) == (1, [False])
    with alone.app_context():
        run(lambda: reverse(UUID(made[3]), reason="test", by=None, at=clock.now()))
        assert on_time(database) == (1, [False]), "February deserves it too"
        run(lambda: reverse(UUID(made[20]), reason="test", by=None, at=clock.now()))
    assert on_time(database) == (0, [False, True])
    assert rows(database, "SELECT count(*) FROM notifications WHERE kind = 'streak_changed'") == [(0,)]
