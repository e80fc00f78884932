"""Redis is off the path of money: absent, dead or frozen, every call answers, and quickly."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import limiter
from app.services.identity import revocations
from tests import factories
from tests.factories import PASSWORD, Saver


@pytest.fixture
def limits_as_before() -> Iterator[None]:
    """The one limiter of the process is as before afterwards."""
    before = dict(vars(limiter))
    yield
    vars(limiter).clear()
    vars(limiter).update(before)


@pytest.fixture
def frozen() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


@pytest.fixture
def dead() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def twenty_calls(made: Saver, jar: str) -> list[int]:
    """A saver's morning: sign-in, reads, a deposit, sign-out, four times over."""
    client = made.app.test_client()
    statuses = []
    for _ in range(4):
        signed_in = client.post("/api/login/", json={"email": made.email, "password": PASSWORD})
        bearer = {"Authorization": f"Bearer {signed_in.json['access_token']}"}
        statuses += [
            signed_in.status_code,
            client.get("/api/jars/", headers=bearer).status_code,
            client.post("/api/jars/deposit/", json={"jar_id": jar, "amount": "5"}, headers=bearer).status_code,
            client.get("/api/profile/", headers=bearer).status_code,
            client.post("/api/logout/", headers=bearer).status_code,
        ]
        assert client.get("/api/profile/", headers=bearer).json["code"] == "token_revoked"
    return statuses


@pytest.mark.parametrize("limits", ["1", "0"])
@pytest.mark.parametrize("redis", ["none", "dead", "frozen"])
@pytest.mark.usefixtures("limits_as_before")
def test_every_call_answers_without_redis(
    new_app: Callable[..., Flask], request: pytest.FixtureRequest, redis: str, limits: str
) -> None:
    url = "" if redis == "none" else request.getfixturevalue(redis)
    app = new_app(REDIS_URL=url, RATELIMIT_ENABLED=limits, RATELIMIT_LOGIN="1000 per minute")
    saver = factories.make_saver(app)
    jar = saver.jar()
    began = time.monotonic()
    statuses = twenty_calls(saver, jar)
    seconds = time.monotonic() - began
    assert statuses == [200, 200, 201, 200, 204] * 4
    assert seconds < 2, seconds


@pytest.mark.usefixtures("limits_as_before")
def test_limits_hold_without_redis(new_app: Callable[..., Flask], frozen: str) -> None:
    app = new_app(REDIS_URL=frozen, RATELIMIT_ENABLED="1", RATELIMIT_LOGIN="3 per minute")
    body: dict[str, Any] = {"email": "nobody@example.com", "password": PASSWORD}
    statuses = [app.test_client().post("/api/login/", json=body).status_code for _ in range(6)]
    assert statuses[:3] == [401, 401, 401]
    assert statuses[-1] == 429


def test_a_cached_revocation_is_only_a_shortcut(new_app: Callable[..., Flask], stack: Any) -> None:
    """Signed out while Redis was away: refused by PostgreSQL when Redis is back and knows nothing of it."""
    app = new_app(REDIS_URL="")
    saver = factories.make_saver(app)
    saver.post("/api/logout/")
    assert saver.get("/api/profile/").json["code"] == "token_revoked"
    with app.app_context():
        assert revocations.known(saver.family_id) is False
