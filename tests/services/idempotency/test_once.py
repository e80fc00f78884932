"""One key, one effect, seen by one client at a time; the crowd is in tests/test_money_promises.py."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.services.idempotency.once import lock_number
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver


def test_the_first_answer_comes_again_byte_for_byte(saver: Saver) -> None:
    jar = saver.jar()
    first = saver.deposit(jar, "50", key="one", note="bus fare saved")
    again = saver.deposit(jar, "50.00", key="one", note="bus fare saved")  # the same amount in another spelling
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == first.data
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "50.00"


def test_without_a_key_each_call_is_a_movement(saver: Saver) -> None:
    jar = saver.jar()
    ids = {saver.deposit(jar, "10").json["transaction"]["id"] for _ in range(3)}
    assert len(ids) == 3
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "30.00"


@pytest.mark.parametrize("change", ["amount", "note", "jar", "route", "a jar that is not there"])
def test_another_body_under_the_same_key_is_refused(saver: Saver, change: str) -> None:
    jar, other = saver.jar(), saver.jar()
    assert saver.deposit(jar, "50", key="one").status_code == 201
    calls: dict[str, Callable[[], Any]] = {
        "amount": lambda: saver.deposit(jar, "51", key="one"),
        "note": lambda: saver.deposit(jar, "50", key="one", note="changed"),
        "jar": lambda: saver.deposit(other, "50", key="one"),
        "route": lambda: saver.withdraw(jar, "50", key="one"),
        "a jar that is not there": lambda: saver.deposit(str(uuid4()), "50", key="one"),
    }
    refused = calls[change]()
    assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    amounts = {j["id"]: j["current_amount"] for j in saver.get("/api/jars/").json["items"]}
    assert amounts == {jar: "50.00", other: "0.00"}


def test_keys_are_each_savers_own(app: Flask, saver: Saver) -> None:
    stranger = factories.make_saver(app)
    assert saver.deposit(saver.jar(), "50", key="one").status_code == 201
    answer = stranger.deposit(stranger.jar(), "70", key="one")
    assert (answer.status_code, answer.json["transaction"]["amount"]) == (201, "70.00")


def test_a_business_refusal_stays_refused_after_a_top_up(saver: Saver) -> None:
    jar = saver.jar()
    refused = saver.withdraw(jar, "50", key="early")
    assert (refused.status_code, refused.json["code"]) == (409, "insufficient_funds")
    saver.deposit(jar, "80")
    again = saver.withdraw(jar, "50", key="early")
    assert again.status_code == 409
    assert again.data == refused.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/problem+json"
    assert saver.withdraw(jar, "50", key="later").status_code == 201


def test_what_is_not_the_businesss_refusal_is_not_remembered(saver: Saver) -> None:
    jar = saver.jar()
    assert saver.deposit(jar, "0", key="one").status_code == 422
    assert saver.deposit(str(uuid4()), "50", key="one").status_code == 404
    assert (
        saver.client.post(
            "/api/jars/deposit/", json={"jar_id": jar, "amount": "50"}, headers={"Idempotency-Key": "one"}
        ).status_code
        == 401
    )
    answer = saver.deposit(jar, "50", key="one")
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers


def test_a_days_limit_does_not_hide_what_was_done_before_it(new_app: Callable[..., Flask]) -> None:
    app = new_app(DAILY_DEPOSIT_CAP_MINOR="10000")
    saver = factories.make_saver(app)
    jar = saver.jar()
    first = saver.deposit(jar, "100", key="lost-answer")
    assert saver.deposit(jar, "1", key="over").json["code"] == "daily_limit"
    again = saver.deposit(jar, "100", key="lost-answer")
    assert (again.status_code, again.data) == (201, first.data)
    assert saver.deposit(jar, "99", key="lost-answer").json["code"] == "idempotency_key_reused"


def test_a_days_limit_is_not_remembered(new_app: Callable[..., Flask], clock: Clock) -> None:
    saver = factories.make_saver(new_app(DAILY_DEPOSIT_CAP_MINOR="10000"))
    jar = saver.jar()
    saver.deposit(jar, "100")
    assert saver.deposit(jar, "100", key="tomorrow").status_code == 403
    clock.advance(days=1)
    assert saver.deposit(jar, "100", key="tomorrow").status_code == 201


def test_authorization_comes_before_the_replay(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    assert saver.deposit(jar, "50", key="one").status_code == 201
    saver.post("/api/logout/")
    assert saver.deposit(jar, "50", key="one").json["code"] == "token_revoked"


def test_the_record_holds_no_more_than_it_must(app: Flask, saver: Saver, superuser: Any) -> None:
    """Stored answers are kept apart from history and hold the answer's bytes, the body only as a hash."""
    jar = saver.jar()
    answer = saver.deposit(jar, "50", key="one")
    with superuser.cursor() as cursor:
        cursor.execute(
            "SELECT key, route, length(body_hash), status, body FROM idempotency_records WHERE user_id = %s",
            (str(saver.id),),
        )
        ((key, route, hash_length, status, body),) = cursor.fetchall()
    assert (key, route, hash_length, status) == ("one", "deposit", 32, 201)
    assert bytes(body) == answer.data


def test_a_duplicate_beyond_the_lock_timeout_is_told_that_the_first_is_under_way(
    app: Flask, saver: Saver, superuser: Any
) -> None:
    jar = saver.jar()
    superuser.autocommit = False
    with superuser.cursor() as cursor:
        # As the first call does for as long as it runs.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number(saver.id, "one"),))
        answer = saver.deposit(jar, "50", key="one")
        superuser.rollback()
    assert (answer.status_code, answer.json["code"]) == (409, "idempotency_in_progress")
    assert saver.deposit(jar, "50", key="one").status_code == 201  # that refusal was not remembered


def test_a_jar_that_is_held_too_long_is_busy_and_nothing_is_remembered(
    app: Flask, saver: Saver, superuser: Any
) -> None:
    jar = saver.jar()
    superuser.autocommit = False
    with superuser.cursor() as cursor:
        cursor.execute("SELECT 1 FROM savings_jars WHERE id = %s FOR UPDATE", (jar,))
        busy = saver.deposit(jar, "50", key="one")
        superuser.rollback()
    assert (busy.status_code, busy.json["code"]) == (503, "temporarily_unavailable")
    assert int(busy.headers["Retry-After"]) > 0
    assert saver.deposit(jar, "50", key="one").status_code == 201
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "50.00"


def test_waiting_for_another_movement_is_not_waiting_for_the_key(app: Flask, saver: Saver, superuser: Any) -> None:
    """The second and third in the queue for a row wait for a lock that has no context in PostgreSQL's message."""
    jar = saver.jar()
    superuser.autocommit = False
    with superuser.cursor() as cursor:
        cursor.execute("SELECT 1 FROM users WHERE id = %s FOR UPDATE", (str(saver.id),))
        with ThreadPoolExecutor(3) as pool:
            calls = [pool.submit(lambda i=i: client_of(saver).deposit(jar, "50", key=f"k{i}")) for i in range(3)]
            answers = [call.result() for call in calls]
        superuser.rollback()
    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(503, "temporarily_unavailable")] * 3


def client_of(saver: Saver) -> Saver:
    """The same person on another phone connection: a test client is not for two threads."""
    return Saver(
        saver.app, saver.id, saver.email, saver.phone, saver.family_id, saver.access_token, saver.refresh_token,
        saver.app.test_client(),
    )  # fmt: skip


@pytest.mark.parametrize("key", ["", "a" * 256, "with space", "tab\there", "münze", "\x7f"])
def test_an_invalid_key_is_refused(saver: Saver, key: str) -> None:
    jar = saver.jar()
    answer = saver.deposit(jar, "50", key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_invalid")
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] == "0.00"


@pytest.mark.parametrize("key", ["a", "a" * 255, "!~", "0b5bc4e2-1c4c-4a0e-9d7d-0f3a4d8e9a10"])
def test_a_valid_key_is_taken(saver: Saver, key: str) -> None:
    assert saver.deposit(saver.jar(), "50", key=key).status_code == 201
