from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import redis
import uuid_utils.compat as uuids
from flask import Flask

from app import clock
from app.services.identity import profile
from app.transactions import queue, run
from devstack.stack import Stack
from tests import factories
from tests.factories import Saver

_numbers = itertools.count(1)


@pytest.fixture
def boards_redis(stack: Stack) -> Iterator[redis.Redis]:
    """An empty Redis database of its own."""
    # Processes that share kept servers share no sets.
    number = 9 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with redis.from_url(stack.settings["REDIS_URL"].removesuffix("/0") + f"/{number}") as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def boards_app(new_app: Callable[..., Flask], boards_redis: redis.Redis, stack: Stack) -> Iterator[Flask]:
    """An application with a database and a Redis of its own: boards hold everybody."""
    number = boards_redis.connection_pool.connection_kwargs["db"]
    app = new_app(REDIS_URL=stack.settings["REDIS_URL"].removesuffix("/0") + f"/{number}")
    with app.app_context():
        yield app


def listed(app: Flask, name: str, **values: str) -> Saver:
    """A signed-in saver who is listed under ``name``."""
    saver = factories.make_saver(app, **values)
    with app.app_context():
        run(
            lambda: profile.change(saver.id, {"display_name": name, "leaderboard_opt_in": True}, at=clock.now()),
        )
    return saver


def member(
    name: str,
    *,
    longest: int = 0,
    count: int = 0,
    met: date | None = None,
    plan: str = "daily",
    closed: int = 0,
    on_time: int = 0,
    closed_through: date | None = None,
    opted_in: bool = True,
    status: str = "active",
) -> UUID:
    """Somebody with one jar and the given state, put into the tables as it is; needs an application context."""
    user_id, jar_id, number = uuids.uuid7(), uuids.uuid7(), next(_numbers)
    at = datetime(2026, 1, 1, tzinfo=UTC)

    def work() -> None:
        queue(
            "INSERT INTO users (id, name, email, email_key, time_zone, display_name, leaderboard_opt_in, status,"
            " created_at) VALUES (%s, 'M', %s, %s, 'Asia/Kolkata', %s, %s, %s, %s)",
            (user_id, f"m{number}@example.com", f"m{number}@example.com", name, opted_in, status, at),
        )
        queue(
            "INSERT INTO saver_habits (user_id, closed_through, week_closed, week_on_time, month_closed, month_on_time,"
            " all_closed, all_on_time) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (user_id, closed_through, closed, on_time, closed, on_time, closed, on_time),
        )
        queue(
            "INSERT INTO savings_jars (id, user_id, name, plan_type, target_amount, start_date, streak_longest,"
            " streak_count, streak_period, streak_net, created_at)"
            " VALUES (%s, %s, 'J', %s, 100000, '2026-01-01', %s, %s, %s, %s, %s)",
            (jar_id, user_id, plan, longest, count, met, 100 if met else 0, at),
        )

    run(work)
    return user_id
