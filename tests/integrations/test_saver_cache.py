"""What is cached about a saver is never older than the last commit, whoever reads and writes in what order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app.integrations import saver_cache
from app.integrations.redis_cache import backend
from tests import factories

DAY = "2026-07-15"


@pytest.fixture
def redis_app(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def remembered(user_id: UUID, text: str) -> str:
    return saver_cache.remembered("streaks", user_id, DAY, lambda: text)


def settled() -> None:
    """Wait until Redis has read what it was told without an answer being waited for."""
    done = uuid4().hex
    backend().tell("SET", f"chhota:{done}", "1", "EX", 60)
    while not backend().ask(lambda client: client.exists(f"chhota:{done}"), 1):
        pass


@pytest.mark.usefixtures("redis_app")
def test_what_is_kept_is_given_until_it_is_forgotten() -> None:
    saver, other = uuid4(), uuid4()
    assert remembered(saver, "one") == "one"
    assert remembered(saver, "two") == "one"
    assert remembered(other, "theirs") == "theirs"
    saver_cache.forget(saver)
    settled()
    assert remembered(saver, "three") == "three"
    assert remembered(other, "changed") == "theirs"


@pytest.mark.usefixtures("redis_app")
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_who_read_before_a_commit_keeps_nothing_after_it(warm: bool) -> None:
    """The race: rows are read, somebody commits and has the cache forget, and only then is the old text kept."""
    saver = uuid4()
    if warm:
        remembered(saver, "older still")
        saver_cache.forget(saver)
        settled()

    def read_slowly() -> str:
        old = "before the commit"
        saver_cache.forget(saver)  # the commit of somebody else
        settled()
        return old

    assert saver_cache.remembered("streaks", saver, DAY, read_slowly) == "before the commit"
    assert remembered(saver, "after it") == "after it"
    assert remembered(saver, "asked again") == "after it"


@pytest.mark.usefixtures("redis_app")
def test_a_worker_that_read_before_a_commit_keeps_nothing_after_it() -> None:
    saver = uuid4()

    def compute() -> dict[tuple[UUID, str], str]:
        saver_cache.forget(saver)
        settled()
        return {(saver, DAY): "old"}

    saver_cache.write("streaks", [saver], compute)
    assert remembered(saver, "new") == "new"
    saver_cache.write("streaks", [saver], lambda: {(saver, DAY): "newer"})
    assert remembered(saver, "unused") == "newer"


def test_readers_beside_deposits_never_see_less_than_was_answered(app: Flask) -> None:
    """Through the API: while others read on, each answer after a deposit has that deposit in it."""
    saver = factories.make_saver(app)
    jar, stop = saver.jar(), threading.Event()
    wrong: list[str] = []

    def read_on() -> None:
        client, seen = app.test_client(), -1
        while not stop.is_set():
            answer = client.get("/api/streaks/", headers=saver.headers).json
            deposits = answer["calendar"][-1]["deposits"]
            if deposits < seen:
                wrong.append(f"{deposits} after {seen}")
            seen = deposits

    readers = [threading.Thread(target=read_on) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, 26):
            assert saver.deposit(jar, "1").status_code == 201
            settled_in(app)
            found = saver.get("/api/streaks/").json["calendar"][-1]["deposits"]
            if found != number:
                wrong.append(f"{found}, not {number}")
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert wrong == []


def settled_in(app: Flask) -> None:
    with app.app_context():
        settled()


def test_without_redis_it_is_computed_and_a_forgetting_is_made_good(new_app: Callable[..., Flask], app: Flask) -> None:
    saver = uuid4()
    with new_app(REDIS_URL="").app_context():
        assert remembered(saver, "one") == "one"
        assert remembered(saver, "two") == "two"
    with app.app_context():
        assert remembered(saver, "kept") == "kept"
    with new_app(REDIS_URL="redis://127.0.0.1:1/0").app_context():
        saver_cache.forget(saver)  # Redis does not hear it
    with app.app_context():
        assert remembered(uuid4(), "of somebody else") == "of somebody else"
        settled()
        assert remembered(saver, "new") == "new"
