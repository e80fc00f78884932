from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
import redis
from flask import Flask

from app.extensions import celery
from devstack.stack import Stack

QUEUE = "chhota:chhota"  # the key prefix of the broker's settings, and the default queue


def use_broker(url: str) -> None:
    """Have this process publish to ``url`` from now on: kombu keeps connections to the last one."""
    celery.conf.broker_url = url
    celery.close()
    celery.amqp._producer_pool = None


@pytest.fixture
def broker(stack: Stack) -> Iterator[redis.Redis]:
    """An empty Redis database of its own for queue and cache; in use as the broker once an application has its URL."""
    before = celery.conf.broker_url
    with redis.from_url(broker_url(stack)) as client:
        client.flushdb()
        yield client
        client.flushdb()
    use_broker(before)


def broker_url(stack: Stack) -> str:
    """Where ``broker`` is."""
    # Processes that share kept servers share no queue.
    number = 5 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return stack.settings["REDIS_URL"].removesuffix("/0") + f"/{number}"


@pytest.fixture
def tasks_app(new_app: Callable[..., Flask], stack: Stack, broker: redis.Redis) -> Iterator[Flask]:
    """An application on a fresh database that publishes to ``broker``."""
    app = new_app(REDIS_URL=broker_url(stack))
    use_broker(broker_url(stack))
    with app.app_context():
        yield app
