"""A leaderboard among a thousand and among a million members: a read, one saver's refresh, a rebuild, PostgreSQL alone.

In a PostgreSQL and a Redis of their own, on disk as in production. Bars: the median of a read and of a refresh among a
million is at most twice that among a thousand; the memory of a rebuild grows by less than 64 MB.
"""

from __future__ import annotations

import random
import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg2
from flask import Flask

import config as settings
from app.extensions import db
from app.factory import create_app
from app.integrations.redis_cache import backend
from app.services.gamification import board_values, boards
from app.transactions import fetch, run
from devstack.stack import Stack
from devstack.temporary import temporary_stack

FEW, MANY = 1_000, 1_000_000
BAR_GROWTH = 2.0
BAR_MEMORY_MB = 64
READS = 400
NOW = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)

FILL = """
SET session_replication_role = replica;
INSERT INTO users (id, name, email, email_key, time_zone, display_name, leaderboard_opt_in, created_at)
SELECT uuid_at(timestamptz '2026-01-01' + n * interval '1 second'), 'S', 's' || n || '@example.com',
    's' || n || '@example.com', 'Asia/Kolkata', 'Saver ' || n, true, '2026-01-01'
FROM generate_series(1, %(members)s) n;
INSERT INTO saver_habits (user_id, time_zone, closed_through, week_closed, week_on_time, month_closed, month_on_time,
    all_closed, all_on_time)
SELECT id, 'Asia/Kolkata', date '2026-07-14', 2, floor(random() * 3), 14, floor(random() * 15), 90, floor(random() * 91)
FROM users;
INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, start_date, streak_count, streak_longest,
    streak_run, streak_period, streak_net, created_at)
SELECT uuid_at(timestamptz '2026-01-01'), id, 'Bicycle', plan, 10000000, '2026-01-01', floor(random() * 90),
    90 + floor(random() * 90), 0, first, 5000, '2026-01-01'
FROM users, (VALUES ('daily', date '2026-07-15'), ('weekly', '2026-07-13')) p (plan, first);
"""


def main(seconds: float, rounds: int) -> bool:
    """Print the figures; whether the bars were held."""
    with temporary_stack(("postgres", "redis"), durable=True) as stack:
        apps = {members: create_app(_settings(stack, members)) for members in (FEW, MANY)}
        memory = {members: _once(app, members) for members, app in apps.items()}[MANY]
        ratios: dict[str, list[float]] = {"a page": [], "a refresh": []}
        # In turn, so that whatever else this machine does slows both alike.
        for number in range(1, rounds + 1):
            taken = {members: _often(app) for members, app in apps.items()}
            print(f"round {number}:", end="")
            for name, found in ratios.items():
                found.append(taken[MANY][name] / taken[FEW][name])
                print(
                    f"   {name} {taken[FEW][name] * 1e3:.2f} ms among a thousand,"
                    f" {taken[MANY][name] * 1e3:.2f} ms among a million",
                    end="",
                )
            print()
        for app in apps.values():
            with app.app_context():
                db.engine.dispose()
    growth = max(statistics.median(found) for found in ratios.values())
    held = growth <= BAR_GROWTH and memory < BAR_MEMORY_MB
    print(
        f"a million / a thousand: {growth:.2f} (bar {BAR_GROWTH})   memory of a rebuild: {memory:.0f} MB"
        f" (bar {BAR_MEMORY_MB})   {'held' if held else 'MISSED'}"
    )
    return held


def _settings(stack: Stack, members: int) -> dict[str, Any]:
    """Settings for a database of that many members, made here, and an empty Redis database."""
    from alembic import command
    from alembic.config import Config

    name = f"bench_{members}"
    with _connection(stack.settings["DATABASE_SUPERUSER_URL"]) as cursor:
        cursor.execute(f"CREATE DATABASE {name} OWNER chhota_owner")
    values = {key: value for key, value in stack.settings.items() if key in settings.NAMES}
    values |= {key: _with_database(values[key], name) for key in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    values["REDIS_URL"] = values["REDIS_URL"].removesuffix("/0") + ("/1" if members == FEW else "/2")
    loaded = settings.load(values | {"APP_ENV": "testing", "LOG_LEVEL": "ERROR"})
    with create_app(loaded).app_context():
        configuration = Config(str(settings.ROOT / "migrations" / "alembic.ini"))
        configuration.set_main_option("script_location", str(settings.ROOT / "migrations"))
        command.upgrade(configuration, "head")
        backend().ask(lambda client: client.flushdb(), None, patient=True)
        db.engine.dispose()
    with _connection(_with_database(stack.settings["DATABASE_SUPERUSER_URL"], name)) as cursor:
        cursor.execute(FILL, {"members": members})
        cursor.execute("VACUUM ANALYZE")
    return loaded


def _once(app: Flask, members: int) -> float:
    """Print what happens seldom; megabytes that a rebuild took of this process."""
    with app.app_context():
        (reader,) = _people(1)
        from_rows = _median(lambda: run(lambda: _without_redis(reader)), 3)
        before, began = _memory(), time.perf_counter()
        assert boards.rebuild(at=NOW) == members
        rebuild, memory = time.perf_counter() - began, _memory() - before
        nothing = _median(lambda: boards.keep_fresh(at=NOW), 5)
        held: Any = backend().ask(lambda client: client.info("memory"), {}, patient=True)
    print(
        f"{members:>9,} members: a rebuild {rebuild:.2f} s, {memory:.0f} MB here,"
        f" {held.get('used_memory', 0) / 1e6:.0f} MB in Redis   where nothing changed {nothing * 1e3:.1f} ms"
        f"   a page without Redis {from_rows * 1e3:.0f} ms"
    )
    return memory


def _often(app: Flask) -> dict[str, float]:
    """Seconds of a read and of a saver's refresh: medians."""
    with app.app_context():
        people, chosen = _people(200), random.Random(1)
        return {
            "a page": _median(lambda: run(lambda: _page(chosen.choice(people))), READS),
            "a refresh": _median(lambda: run(lambda: boards.refresh([chosen.choice(people)], at=NOW)), READS),
        }


def _people(count: int) -> list[UUID]:
    rows = run(lambda: fetch("SELECT id FROM users ORDER BY email_key LIMIT %s", (count,)))
    return [user_id for (user_id,) in rows]


def _page(reader: UUID) -> None:
    page = boards.page(reader, "streak", "week", limit=20, at=NOW)
    assert page.me is not None or len(page.items) == 20


def _without_redis(reader: UUID) -> None:
    board_values.places(board_values.board_of("streak", "week", NOW), reader, NOW, limit=20, near=2)


def _median(work: Callable[[], Any], times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _memory() -> float:
    """The most this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _connection(url: str) -> Any:
    connection = psycopg2.connect(url.replace("postgresql+psycopg2", "postgresql"))
    connection.autocommit = True
    return connection.cursor()
