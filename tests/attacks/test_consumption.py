"""What one caller can use up: rows of a list, time of the database, memory for passwords, a worker's patience."""

from __future__ import annotations

import runpy
from typing import Any

import pytest
from flask import Flask

import config as settings
from app.services.identity import passwords
from app.transactions import fetch, run
from deploy.worker import NEXT_BYTE_SECONDS, REQUEST_SECONDS, PromptSyncWorker
from tests.attacks.walking import Document, api_routes, make_person, pages
from tests.test_config import STRONG

MOST_ROWS = 100
# Lists that are answered whole, and why that is bounded.
WHOLE = {"/api/sign-ins/": "the sign-ins of one person that stand: of the last fourteen days, each slowed and limited"}


def test_no_list_gives_more_than_a_page(walked: Flask, document: Document) -> None:
    """Every list has a limit and a cursor, or is one of those whose length is bounded otherwise."""
    person, admin = make_person(walked), make_person(walked, "admin")
    for _ in range(3):
        person.saver.jar()
    lists = 0
    for route in api_routes(walked):
        if route.method != "GET":
            continue
        operation = document.operation(route)
        parameters = {one["name"]: document.resolved(one.get("schema", {})) for one in operation["parameters"]}
        answers = [answer for status, answer in operation["responses"].items() if status == "200"]
        schemas = [
            document.resolved(inside.get("schema", {}))
            for answer in answers
            for inside in document.resolved(answer).get("content", {}).values()
        ]
        paged = any({"items", "next_cursor"} <= set(schema.get("properties", {})) for schema in schemas)
        if route.rule.rule in WHOLE:
            continue
        assert paged == ("cursor" in parameters), f"{route}: a list takes limit and cursor, and answers next_cursor"
        if not paged:
            continue
        lists += 1
        assert parameters["limit"]["maximum"] <= MOST_ROWS, route
        caller = admin if route.level in {"support", "admin"} else person
        path = route.path(walked, {name: caller.id_of(name) for name in route.rule.arguments})
        for limit in (0, -1, MOST_ROWS + 1, 10**30, "all", "1e3"):
            assert caller.saver.get(path, query_string={"limit": limit}).status_code == 422, (str(route), limit)
        assert len(caller.saver.get(path, query_string={"limit": 1}).json["items"]) <= 1
    assert lists >= 5


def test_every_connection_of_the_application_has_time_outs(walked: Flask) -> None:
    wanted = {
        "statement_timeout": "5s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "1min",
        "synchronous_commit": "on",
    }  # fmt: skip
    with walked.app_context():
        assert {name: run(lambda name=name: fetch(f"SHOW {name}"))[0][0] for name in wanted} == wanted
    options = settings.load(STRONG)["SQLALCHEMY_ENGINE_OPTIONS"]
    assert options["pool_timeout"] <= 5
    assert options["connect_args"]["connect_timeout"] <= 3


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """gunicorn's settings as a machine of any size has them."""
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    return runpy.run_path(str(settings.ROOT / "deploy" / "gunicorn.conf.py"))


def test_passwords_take_no_more_memory_than_there_are_processes(serving: dict[str, Any]) -> None:
    """A process hashes one password at a time, in its one thread, and there are eight at most: 8 × 19 MiB."""
    assert serving["worker_class"] == "deploy.worker.PromptSyncWorker"
    assert PromptSyncWorker.__mro__[1].__name__ == "SyncWorker"
    assert serving.get("threads", 1) == 1
    assert serving["workers"] <= 8
    config = settings.load(STRONG)
    hasher = passwords._hasher(config["ARGON2_MEMORY_KIB"], config["ARGON2_TIME_COST"])
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (19_456, 2, 1)
    assert serving["workers"] * hasher.memory_cost * hasher.parallelism <= 8 * 19_456


def test_a_slow_request_ends_before_its_worker_does(serving: dict[str, Any]) -> None:
    """gunicorn ends a worker that is silent for ``timeout``, and with it all who wait there."""
    assert NEXT_BYTE_SECONDS < REQUEST_SECONDS < serving["timeout"]


def test_a_password_of_any_length_costs_the_same(walked: Flask) -> None:
    """What is longer than a password may be is not hashed at all."""
    nobody = walked.test_client()
    for length, status in ((129, {401, 422}), (1024, {401, 422}), (1025, {422}), (60_000, {422})):
        body = {"email": "nobody@example.com", "password": "a" * length}
        assert nobody.post("/api/login/", json=body).status_code in status, length


def test_a_page_of_any_number_has_a_bound(walked: Flask) -> None:
    """Numbers in the query of a page are taken for nothing, or refused; none makes a page without an end."""
    person = make_person(walked)
    for route in pages(walked):
        if route.method == "GET" and route.level == "saver":
            path = route.path(walked, {name: person.id_of(name) for name in route.rule.arguments})
            for query in ("limit=1000000000&page=99999999999999999999", "cursor=x&from=x&to=x&type=x&period=x&board=x",
                          "from=0001-01-01&to=9999-12-31", "next=//evil.example&next=%00&q=%ff%00"):  # fmt: skip
                assert person.browser.get(f"{path}?{query}").status_code < 500, (str(route), query)
