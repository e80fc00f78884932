"""Guessing is slowed, and the person whose account it is about is not."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import limiter
from app.integrations import attempts
from app.integrations.attempts import Limit
from app.services.identity import keyed, password_change, sealing, two_factor
from app.transactions import fetch, run
from tests import factories
from tests.blueprints.web.conftest import Visitor
from tests.factories import PASSWORD

HEADER = "X-Device-Token"
WITHOUT, AWAY = {"REDIS_URL": ""}, {"REDIS_URL": "redis://127.0.0.1:9/0"}


@pytest.fixture
def slowed(new_app: Callable[..., Flask]) -> Iterator[Callable[..., Flask]]:
    """Applications that slow guesses; the limit for one address alone is out of the way."""
    before = dict(vars(limiter))

    def make(**settings: str) -> Flask:
        attempts.forget_all()
        return new_app(**{"RATELIMIT_ENABLED": "1", "RATELIMIT_LOGIN": "100000 per minute"} | settings)

    yield make
    vars(limiter).clear()
    vars(limiter).update(before)
    attempts.forget_all()


def log_in(
    app: Flask, name: str, password: str = PASSWORD, *, address: str = "203.0.113.9", device: str | None = None,
    **more: str,
) -> TestResponse:  # fmt: skip
    return app.test_client().post(
        "/api/login/",
        json={"email" if "@" in name else "phone": name, "password": password, **more},
        headers={HEADER: device} if device else {},
        environ_overrides={"REMOTE_ADDR": address},
    )


def guess(app: Flask, name: str, number: int, **more: Any) -> int:
    return log_in(app, name, f"guess {number} of many", **more).status_code


def networks(number: int) -> str:
    """An address of a network of its own for each number."""
    return f"10.{number // 200}.{number % 200}.7"


@pytest.mark.early
@pytest.mark.parametrize("redis", [{}, WITHOUT], ids=["with redis", "without"])
def test_a_thousand_guesses_from_two_hundred_addresses_do_not_keep_the_person_out(
    slowed: Callable[..., Flask], redis: dict[str, str]
) -> None:
    app = slowed(**redis)
    victim = factories.make_saver(app)
    phone = log_in(app, victim.email, address="198.51.100.7")
    assert phone.status_code == 200
    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(
            pool.map(lambda one: guess(app, victim.email, one, address=networks(one % 200)), range(1000))
        )
    assert set(statuses) == {401, 429}
    assert statuses[401] <= 15, "only so many were looked at"
    began = time.perf_counter()
    answer = log_in(app, victim.email, address="198.51.100.7", device=phone.headers[HEADER])
    assert answer.status_code == 200
    assert time.perf_counter() - began < 1
    stranger = log_in(app, victim.email, address="198.51.100.99")
    assert (stranger.status_code, stranger.json["code"]) == (429, "rate_limited")
    assert 1 <= int(stranger.headers["Retry-After"]) <= 60
    # The device goes on being known, by what that answer gave it.
    assert log_in(app, victim.email, address="10.0.0.7", device=answer.headers[HEADER]).status_code == 200


@pytest.mark.parametrize("redis", [{}, WITHOUT, AWAY], ids=["with redis", "without", "away"])
def test_others_are_not_slowed_by_it(slowed: Callable[..., Flask], redis: dict[str, str]) -> None:
    app = slowed(**redis)
    victim, other = factories.make_saver(app), factories.make_saver(app)
    for number in range(30):
        guess(app, victim.email, number, address=networks(number))
    assert guess(app, victim.email, 31, address="198.51.100.1") == 429
    assert log_in(app, other.email, address="198.51.100.1").status_code == 200


def test_a_name_that_nobody_has_is_slowed_alike(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    saver, nobody = factories.make_saver(app), factories.email()
    known = [guess(app, saver.email, number, address=networks(number)) for number in range(14)]
    assert known == [guess(app, nobody, number, address=networks(number)) for number in range(14)]
    assert known[:10] == [401] * 10
    assert known[-1] == 429


@pytest.mark.parametrize("spelling", [str.upper, lambda name: f" {name} ", lambda name: name.replace("s", "ſ", 1)])
def test_another_spelling_is_the_same_account(slowed: Callable[..., Flask], spelling: Callable[[str], str]) -> None:
    app = slowed()
    saver = factories.make_saver(app)
    statuses = [guess(app, saver.email, number) for number in range(6)]
    assert statuses == [401] * 4 + [401, 429] or statuses == [401] * 4 + [429] * 2
    assert guess(app, spelling(saver.email), 7) == 429


def test_a_known_device_that_guesses_is_slowed_too(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    saver = factories.make_saver(app)
    device = log_in(app, saver.email).headers[HEADER]
    statuses = [guess(app, saver.email, number, device=device) for number in range(14)]
    assert statuses[:10] == [401] * 10
    assert 429 in statuses


def test_a_device_of_another_account_is_a_stranger(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    victim, attacker = factories.make_saver(app), factories.make_saver(app)
    device = log_in(app, attacker.email).headers[HEADER]
    assert [guess(app, victim.email, number, device=device) for number in range(8)].count(429) >= 2
    for made_up in ("x", "é", "a" * 5000, device[:-1], device.swapcase()):
        assert guess(app, victim.email, 9, device=made_up.encode("utf-8").decode("latin-1")) == 429


def test_a_device_may_be_known_to_several(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    asha, ravi = factories.make_saver(app), factories.make_saver(app)
    first = log_in(app, asha.email).headers[HEADER]
    shared = log_in(app, ravi.email, device=first).headers[HEADER]
    assert shared != first
    for one in (asha, ravi):
        for number in range(14):
            guess(app, one.email, number, address=networks(number))
    assert log_in(app, asha.email, device=first).status_code == 429, "a token counts until the next sign-in"
    shared = log_in(app, asha.email, device=shared).headers[HEADER]
    assert log_in(app, ravi.email, device=shared).status_code == 200


def test_a_new_password_forgets_the_devices(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    saver = factories.make_saver(app)
    stolen = log_in(app, saver.email).headers[HEADER]
    changed = saver.post("/api/password/change/", {"current_password": PASSWORD, "new_password": "lamp kite harbour"})
    for number in range(14):
        guess(app, saver.email, number, address=networks(number))
    assert guess(app, saver.email, 15, device=stolen) == 429
    own = changed.headers[HEADER]
    assert log_in(app, saver.email, "lamp kite harbour", device=own).status_code == 200


@pytest.mark.parametrize("by", ["call", "page"])
def test_whoever_used_the_letter_is_known_there(slowed: Callable[..., Flask], by: str) -> None:
    """Else those who try the account would keep out whoever has just shown that it is theirs."""
    app = slowed()
    saver, new = factories.make_saver(app), "lamp kite harbour"
    with app.app_context():
        run(lambda: password_change.send_link(sealing.seal(saver.email)))
        ((proof_id,),) = run(lambda: fetch("SELECT id FROM proofs WHERE user_id = %s", (saver.id,)))
        token = keyed.token("password", proof_id)
    visitor = Visitor(app)
    if by == "call":
        answer = app.test_client().post("/api/password/reset/", json={"token": token, "password": new})
        device = answer.headers[HEADER]
    else:
        visitor.get(f"/reset/{token}")
        assert visitor.send("/reset", password=new).status_code == 303
    for number in range(14):
        guess(app, saver.email, number, address=networks(number))
    assert guess(app, saver.email, 15) == 429
    if by == "call":
        assert log_in(app, saver.email, new, device=device).status_code == 200
    else:
        assert visitor.log_in(saver.email, new).status_code == 303


def test_what_is_kept_of_a_device_is_no_token(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    saver = factories.make_saver(app)
    device = log_in(app, saver.email).headers[HEADER]
    with app.app_context():
        rows = run(lambda: fetch("SELECT k::text, digest FROM known_devices k WHERE user_id = %s", (saver.id,)))
    assert len(rows) == 1
    assert device not in rows[0][0]
    assert len(bytes(rows[0][1])) == 32


def test_a_refused_sign_in_makes_no_device_known(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    saver = factories.make_saver(app)
    assert HEADER not in log_in(app, saver.email, "wrong").headers
    with app.app_context():
        assert run(lambda: fetch("SELECT 1 FROM known_devices WHERE user_id = %s", (saver.id,))) == []


def test_only_guesses_count(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    saver = factories.make_saver(app)
    for number in range(20):
        assert log_in(app, saver.email, address=networks(number)).status_code == 200
        assert log_in(app, saver.email).status_code == 200
    assert guess(app, saver.email, 1) == 401


def test_codes_are_guessed_as_slowly_as_passwords(slowed: Callable[..., Flask], monkeypatch: Any) -> None:
    app = slowed()
    saver = factories.make_saver(app)
    secret = saver.post("/api/two-factor/").json["secret"]
    step = two_factor.current_step()
    monkeypatch.setattr(two_factor, "current_step", lambda: step)
    phone = log_in(app, saver.email).headers[HEADER]
    wrong = f"{(int(pyotp.TOTP(secret).generate_otp(step)) + 1) % 10**6:06d}"
    assert (
        saver.post("/api/two-factor/confirm/", {"code": pyotp.TOTP(secret).generate_otp(step - 1)}).status_code == 200
    )
    statuses = [log_in(app, saver.email, address=networks(number), otp=wrong).json["code"] for number in range(20)]
    assert statuses[:10] == ["otp_invalid"] * 10
    assert statuses[-1] == "rate_limited"
    # Asking what is asked for is no guess, and the person's own device goes on.
    assert log_in(app, saver.email, device=phone).json["code"] == "otp_required"
    answer = log_in(app, saver.email, device=phone, otp=pyotp.TOTP(secret).generate_otp(step))
    assert answer.status_code == 200


def test_a_right_password_forgives_no_wrong_code(slowed: Callable[..., Flask], monkeypatch: Any) -> None:
    """Not even to a browser that the account knows: somebody who stole it and the password still lacks the code."""
    app = slowed()
    saver = factories.make_saver(app)
    step = two_factor.current_step()
    monkeypatch.setattr(two_factor, "current_step", lambda: step)
    browser = Visitor(app)
    browser.log_in(saver.email)
    browser.send("/logout", form="/profile")
    secret = saver.post("/api/two-factor/").json["secret"]
    saver.post("/api/two-factor/confirm/", {"code": pyotp.TOTP(secret).generate_otp(step - 1)})
    wrong = f"{(int(pyotp.TOTP(secret).generate_otp(step)) + 1) % 10**6:06d}"
    statuses = []
    for _ in range(14):
        if browser.log_in(saver.email).status_code == 429:
            statuses.append(429)
            break
        statuses.append(browser.send("/login/code", otp=wrong).status_code)
    assert statuses[:10] == [401] * 10
    assert statuses[-1] == 429


def test_the_password_of_a_sign_in_is_guessed_slowly_there_too(slowed: Callable[..., Flask]) -> None:
    app = slowed()
    saver = factories.make_saver(app)

    def change(number: int) -> int:
        body = {"current_password": f"guess {number} of many", "new_password": "lamp kite harbour"}
        return saver.post("/api/password/change/", body).status_code

    statuses = [change(number) for number in range(9)]
    assert statuses[:5] == [422] * 5
    assert statuses[-1] == 429
    assert saver.post("/api/sign-ins/confirm/", {"password": PASSWORD}).status_code == 429
    # Whoever holds a stolen sign-in slows that one, and not the person's own.
    own = log_in(app, saver.email)
    answer = app.test_client().post(
        "/api/sign-ins/confirm/", json={"password": PASSWORD},
        headers={"Authorization": f"Bearer {own.json['access_token']}"},
    )  # fmt: skip
    assert answer.status_code == 204


def test_a_browser_that_the_account_knows_is_not_slowed_either(slowed: Callable[..., Flask]) -> None:
    # Not even by the limit for one address, which a whole village may share.
    app = slowed(RATELIMIT_LOGIN="12 per minute")
    with app.app_context():
        limiter.reset()
    saver = factories.make_saver(app)
    asha, stranger = Visitor(app), Visitor(app)
    assert asha.log_in(saver.email).status_code == 303
    cookie = asha.client.get_cookie("device")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    asha.send("/logout", form="/profile")
    for number in range(14):
        answer = stranger.log_in(saver.email, f"guess {number} of many")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert asha.log_in(saver.email).status_code == 303
    assert stranger.log_in(saver.email).status_code == 429


@pytest.mark.parametrize("redis", [{}, WITHOUT], ids=["with redis", "without"])
def test_waits_grow_and_end(slowed: Callable[..., Flask], redis: dict[str, str]) -> None:
    app = slowed(**redis)
    now, limit = time.time(), [Limit(factories.email(), 2, 8)]
    with app.app_context():
        waits = []
        assert [attempts.admit(limit, window=900, now=now) for _ in range(2)] == [0, 0]
        for _ in range(5):
            wait = attempts.admit(limit, window=900, now=now)
            waits.append(round(wait, 2))
            assert attempts.admit(limit, window=900, now=now + wait - 0.01) > 0, "not a moment before"
            now += wait + 0.001
            assert attempts.admit(limit, window=900, now=now) == 0
        assert waits == [1, 2, 4, 8, 8]
        attempts.take_back(limit, forget=limit)
        assert attempts.admit(limit, window=900, now=now) == 0


@pytest.mark.early
@pytest.mark.no_cover
def test_unknown_names_and_wrong_passwords_take_the_same_time(new_app: Callable[..., Flask]) -> None:
    """Medians of 200 interleaved tries each, at a fraction of production's cost of a hash, within a tenth."""
    app = new_app(ARGON2_MEMORY_KIB="4096", ARGON2_TIME_COST="2", LOG_LEVEL="WARNING")
    saver = factories.make_saver(app)
    client = app.test_client()

    def once(name: str, value: str) -> float:
        began = time.perf_counter()
        answer = client.post("/api/login/", json={name: value, "password": "not the password"})
        took = time.perf_counter() - began
        assert answer.status_code == 401
        return took

    for _ in range(5):
        once("email", saver.email)
        once("email", factories.email())
    took: dict[str, list[float]] = {"wrong": [], "unknown": []}
    for number in range(200):
        turns = [("wrong", saver.email), ("unknown", factories.email())]
        for kind, email in turns if number % 2 else reversed(turns):
            took[kind].append(once("email", email))
    wrong, unknown = median(took["wrong"]), median(took["unknown"])
    assert abs(wrong - unknown) / max(wrong, unknown) < 0.1, (wrong, unknown)
