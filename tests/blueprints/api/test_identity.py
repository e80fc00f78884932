"""Sign-up, sign-in and profile as a client sees them: every answer, every refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import limiter
from tests import factories
from tests.conftest import Clock
from tests.factories import PASSWORD, Saver

USER = {
    "id": str,
    "name": str,
    "email": str,
    "phone": str,
    "email_verified": bool,
    "phone_verified": bool,
    "kyc_status": str,
    "time_zone": str,
    "time_zone_next": type(None),
    "language": str,
    "display_name": type(None),
    "leaderboard_opt_in": bool,
    "notification_preferences": dict,
    "quiet_hours": dict,
    "created_at": str,
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def sign_up(app: Flask, **values: Any) -> TestResponse:
    body = {"name": "Asha Devi", "email": factories.email(), "phone": factories.phone(), "password": PASSWORD}
    return app.test_client().post("/api/signup/", json=body | values)


def log_in(app: Flask, **values: Any) -> TestResponse:
    return app.test_client().post("/api/login/", json={"password": PASSWORD} | values)


def shape(document: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in document.items()}


def refused(answer: TestResponse, status: int, code: str, *fields: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert set(answer.json.get("errors", {})) == set(fields), answer.json


# ---- answers ----


def test_signing_up_answers_the_person_and_a_pair_of_tokens(app: Flask) -> None:
    address, number = factories.email(), factories.phone()
    answer = sign_up(app, email=address, phone=f"  {number[3:8]} {number[8:]} ", name="  Asha   Devi ")
    assert answer.status_code == 201
    assert shape(answer.json) == {
        "user": dict, "access_token": str, "refresh_token": str, "token_type": str, "expires_in": int,
    }  # fmt: skip
    user = answer.json["user"]
    assert shape(user) == USER
    assert UUID(user["id"])
    assert INSTANT.fullmatch(user["created_at"])
    assert user | {"id": "", "created_at": ""} == {
        "id": "",
        "name": "Asha Devi",
        "email": address,
        "phone": number,
        "email_verified": False,
        "phone_verified": False,
        "kyc_status": "none",
        "time_zone": "Asia/Kolkata",
        "time_zone_next": None,
        "language": "en",
        "display_name": None,
        "leaderboard_opt_in": False,
        "notification_preferences": {},
        "quiet_hours": {"from": "22:00", "until": "07:00"},
        "created_at": "",
    }
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 900)
    me = app.test_client().get("/api/profile/", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert (me.status_code, me.json) == (200, {"user": user})


def test_signing_in_answers_the_same_body(app: Flask) -> None:
    made = sign_up(app).json["user"]
    for name in ({"email": made["email"]}, {"phone": made["phone"]}, {"phone": made["phone"][3:]}):
        answer = log_in(app, **name)
        assert answer.status_code == 200
        assert list(answer.json) == ["user", "access_token", "refresh_token", "token_type", "expires_in"]
        assert answer.json["user"] == made


def test_no_answer_holds_the_password_in_any_form(app: Flask, superuser: Any) -> None:
    made = sign_up(app)
    with superuser.cursor() as cursor:
        cursor.execute("SELECT password_hash FROM users WHERE id = %s", (made.json["user"]["id"],))
        ((hash_,),) = cursor.fetchall()
    assert hash_.startswith("$argon2id$")
    answers = [made, log_in(app, email=made.json["user"]["email"]), sign_up(app, password=PASSWORD, phone="x")]
    for answer in answers:
        text = answer.get_data(as_text=True)
        assert PASSWORD not in text
        assert "argon2" not in text
        assert "password" not in text


def test_the_profile_is_changed_field_by_field(saver: Saver, clock: Clock) -> None:
    values = {
        "name": "Asha D.",
        "language": "hi",
        "display_name": "Asha from Pune",
        "leaderboard_opt_in": True,
        "notification_preferences": {"streak_at_risk": {"email": True, "push": False}},
    }
    answer = saver.call("PATCH", "/api/profile/", values)
    assert answer.status_code == 200
    assert {name: answer.json["user"][name] for name in values} == values
    assert saver.get("/api/profile/").json == answer.json
    off = saver.call("PATCH", "/api/profile/", {"display_name": None, "notification_preferences": {}})
    assert off.json["user"]["display_name"] is None
    assert off.json["user"]["notification_preferences"] == values["notification_preferences"]


def test_the_profile_put_whole_needs_what_cannot_be_left_out(saver: Saver) -> None:
    refused(saver.call("PUT", "/api/profile/", {"name": "A"}), 422, "validation_error", "email", "phone")
    whole = {"name": "Asha", "email": factories.email(), "phone": factories.phone()}
    answer = saver.call("PUT", "/api/profile/", whole)
    assert answer.status_code == 200
    assert {name: answer.json["user"][name] for name in whole} == whole


def test_a_new_address_or_number_is_unverified(saver: Saver, superuser: Any) -> None:
    def verify() -> None:
        with superuser.cursor() as cursor:
            cursor.execute(
                "UPDATE users SET email_verified_at = now(), phone_verified_at = now() WHERE id = %s", (str(saver.id),)
            )

    def flags(**values: Any) -> tuple[bool, bool]:
        user = saver.call("PATCH", "/api/profile/", values).json["user"]
        return user["email_verified"], user["phone_verified"]

    verify()
    assert flags(email=saver.email.upper(), phone=saver.phone) == (True, True)
    assert flags(email=factories.email()) == (False, True)
    verify()
    assert flags(phone=factories.phone()) == (True, False)


def test_a_new_zone_waits_for_the_later_midnight(saver: Saver, clock: Clock) -> None:
    user = saver.call("PATCH", "/api/profile/", {"time_zone": "America/New_York"}).json["user"]
    assert (user["time_zone"], user["time_zone_next"]) == ("Asia/Kolkata", "America/New_York")
    clock.set(clock.at.replace(hour=18, minute=30))  # midnight in Kolkata, noon in New York
    assert saver.get("/api/profile/").json["user"]["time_zone"] == "Asia/Kolkata"
    clock.set(clock.at.replace(day=16, hour=4, minute=0))  # midnight in New York
    user = saver.get("/api/profile/").json["user"]
    assert (user["time_zone"], user["time_zone_next"]) == ("America/New_York", None)


# ---- refusals ----


@pytest.mark.parametrize(
    "password",
    ["", "short", "nine char", "password123", "1234567890", "qwertyuiop", "aaaaaaaaaaaa", "PASSWORD123!", "a" * 129,
     "Asha Devi B", "123456789a"],
)  # fmt: skip
def test_a_weak_password_is_refused(app: Flask, password: str) -> None:
    refused(sign_up(app, password=password, name="Asha Devi B"), 422, "weak_password", "password")


def test_a_password_that_is_the_address_is_refused(app: Flask) -> None:
    address = factories.email()
    refused(sign_up(app, email=address, password=address), 422, "weak_password", "password")
    number = factories.phone()
    refused(sign_up(app, phone=number, password=number), 422, "weak_password", "password")


@pytest.mark.parametrize(
    "password",
    [
        "ten chars!",
        "क्या बात है दोस्त",
        "k7 x lamp vTn2 river bWp5 onion 9q" * 3 + "z" * 26,
        "\u00e9t\u00e9 \u00e0 la plage",
    ],
)
def test_a_password_of_any_script_signs_in(app: Flask, password: str) -> None:
    address = factories.email()
    assert sign_up(app, email=address, password=password).status_code == 201
    assert log_in(app, email=address, password=password).status_code == 200
    assert log_in(app, email=address, password=password + " ").status_code == 401


def test_one_password_in_two_unicode_forms_is_one_password(app: Flask) -> None:
    address = factories.email()
    assert sign_up(app, email=address, password="caf\u00e9 on the corner").status_code == 201
    assert log_in(app, email=address, password="cafe\u0301 on the corner").status_code == 200


@pytest.mark.parametrize(
    "variant",
    [
        lambda address: address.upper(),
        lambda address: address.replace("saver", "\uff53aver"),  # full-width s
        lambda address: address.replace("saver", "\u017faver"),  # long s folds to s
        lambda address: f" {address} ",
    ],
)
def test_one_address_in_another_spelling_is_taken(app: Flask, variant: Callable[[str], str]) -> None:
    address = factories.email()
    assert sign_up(app, email=address).status_code == 201
    refused(sign_up(app, email=variant(address)), 409, "email_taken", "email")
    assert log_in(app, email=variant(address)).status_code == 200


def test_one_number_in_another_spelling_is_taken(app: Flask) -> None:
    number = factories.phone()
    assert sign_up(app, phone=number).status_code == 201
    for spelling in (number[3:], f"0{number[3:]}", f"+91 {number[3:8]}-{number[8:]}", f"0091{number[3:]}"):
        refused(sign_up(app, phone=spelling), 409, "phone_taken", "phone")


def test_addresses_and_numbers_of_others_are_refused_in_the_profile(app: Flask, saver: Saver) -> None:
    other = factories.make_saver(app)
    refused(saver.call("PATCH", "/api/profile/", {"email": other.email}), 409, "email_taken", "email")
    refused(saver.call("PATCH", "/api/profile/", {"phone": other.phone}), 409, "phone_taken", "phone")
    assert saver.get("/api/profile/").json["user"]["email"] == saver.email


def test_of_two_sign_ups_with_one_address_at_once_one_is_made(app: Flask) -> None:
    address = factories.email()
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: sign_up(app, email=address).status_code, range(6)))
    assert statuses == [201, 409, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("phone", value) for value in ("", "12345", "+91123", "5876543210", "+915876543210", "98765432101", "call me",
                                         "+1 555", "9876543210;ext=1", "9" * 32, "+", "98765 4321०५", 9876543210)],
        *[("email", value) for value in ("", "asha", "asha@", "@example.com", "a b@example.com", "a@b@example.com",
                                         "asha@example", "a" * 243 + "@example.com", "asha@exa mple.com", "a@[1.2.3.4]",
                                         "asha@example.com\n", ["asha@example.com"], {"a": 1}, None, True)],
        *[("name", value) for value in ("", "   ", "\u200d", "a" * 101, "Asha\u202eived", 7, None, ["Asha"])],
        *[("password", value) for value in (None, 1234567890, ["kettle", "drum"], "a" * 1025)],
        *[("role", value) for value in ("admin", "saver")],
        ("time_zone", "Asia/Kolkata"),
        ("is_admin", True),
        ("id", "00000000-0000-0000-0000-000000000001"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(app: Flask, field: str, value: Any) -> None:
    refused(sign_up(app, **{field: value}), 422, "validation_error", field)


def test_all_bad_fields_are_named_at_once(app: Flask) -> None:
    refused(
        sign_up(app, phone="12", email="x", password="short"), 422, "validation_error", "phone", "email", "password"
    )
    refused(app.test_client().post("/api/signup/"), 422, "validation_error", "name", "phone", "email", "password")


def test_an_address_that_grows_when_folded_does_no_harm(app: Flask) -> None:
    """One character of some scripts folds to two or three: the key is longer than the address."""
    domain = f"{factories.email().partition('@')[0]}.{'.'.join(['a' * 30] * 3)}.com"
    for local in ("ß" * 64, "ŉ" * 40, "ﬃ" * 40, "\u0390" * 60):
        assert sign_up(app, email=f"{local}@{domain}").status_code in {201, 422}
    assert log_in(app, email=f"{'SS' * 64}@{domain}").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"), ("time_zone", "asia/kolkata"), ("time_zone", "../../etc/passwd"),
        ("time_zone", "localtime"), ("time_zone", ""), ("time_zone", None), ("language", "fr"), ("language", ""),
        ("display_name", "call 9876543210"), ("display_name", "me@example.com"), ("display_name", "a" * 41),
        ("leaderboard_opt_in", 1), ("leaderboard_opt_in", "true"), ("name", ""), ("phone", None), ("email", None),
        ("phone", "5876543210"), ("email", "asha@"), ("password", PASSWORD), ("kyc_status", "verified"),
        ("role", "admin"), ("email_verified", True), ("created_at", "2020-01-01T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_bad_field_of_the_profile_is_named_and_nothing_changes(saver: Saver, field: str, value: Any) -> None:
    before = saver.get("/api/profile/").json
    refused(saver.call("PATCH", "/api/profile/", {"language": "hi", field: value}), 422, "validation_error", field)
    assert saver.get("/api/profile/").json == before


@pytest.mark.parametrize(
    "preferences", [{"nonsense": {"email": True}}, {"weekly_digest": {"pigeon": True}}, {"weekly_digest": True}, [], 1]
)
def test_preferences_of_unknown_kinds_are_refused(saver: Saver, preferences: Any) -> None:
    answer = saver.call("PATCH", "/api/profile/", {"notification_preferences": preferences})
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert saver.get("/api/profile/").json["user"]["notification_preferences"] == {}


def test_every_sign_in_that_fails_answers_the_same(app: Flask, superuser: Any) -> None:
    known, suspended = factories.make_saver(app), factories.make_saver(app)
    with superuser.cursor() as cursor:
        cursor.execute("UPDATE users SET status = 'suspended' WHERE id = %s", (str(suspended.id),))
    answers = [
        log_in(app, email=known.email, password="wrong horse battery"),
        log_in(app, email=factories.email()),
        log_in(app, phone=factories.phone()),
        log_in(app, phone="not a number"),
        log_in(app, email="not an address"),
        log_in(app, email=suspended.email),
        log_in(app, email=known.email, password=""),
        log_in(app, email=f"{known.email}' OR '1'='1"),
        log_in(app, email="' OR 1=1; DROP TABLE users; --"),
        log_in(app, phone="1' OR '1'='1"),
        log_in(app, email=known.email, password="' OR '1'='1"),
        log_in(app, email="%"),
    ]
    for answer in answers:
        refused(answer, 401, "invalid_credentials")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert len({str(answer.json | {"request_id": ""}) for answer in answers}) == 1
    assert log_in(app, email=known.email).status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"email": ["a@example.com"], "password": "x"}, {"email"}),
        ({"email": {"$ne": ""}, "password": "x"}, {"email"}),
        ({"email": "a@example.com", "password": ["x"]}, {"password"}),
        ({"email": "a@example.com", "phone": "9876543210", "password": "x"}, {"email"}),
        ({"password": "x"}, {"email"}),
        ({"email": "a@example.com"}, {"password"}),
        ({"email": "a@example.com", "password": "x", "remember": True}, {"remember"}),
        ({"email": "a@example.com\x00", "password": "x"}, {"email"}),
        ({"email": "a@example.com", "password": None}, {"password"}),
        ({}, {"password", "email"}),
    ],
)
def test_a_sign_in_of_the_wrong_form_is_named(app: Flask, body: Any, fields: set[str]) -> None:
    answer = app.test_client().post("/api/login/", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert set(answer.json["errors"]) <= fields
    assert answer.json["errors"]


def test_a_hash_of_weaker_parameters_is_made_anew_at_sign_in(
    app: Flask, saver: Saver, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ARGON2_TIME_COST", 3)
    assert log_in(app, email=saver.email).status_code == 200
    with superuser.cursor() as cursor:
        cursor.execute("SELECT password_hash FROM users WHERE id = %s", (str(saver.id),))
        ((hash_,),) = cursor.fetchall()
    assert ",t=3," in hash_
    assert log_in(app, email=saver.email).status_code == 200


# ---- floods ----


@pytest.fixture
def limited(new_app: Callable[..., Flask]) -> Any:
    """Applications with limits on; the one limiter of the process is as before afterwards."""
    before = dict(vars(limiter))

    def make(**settings: str) -> Flask:
        app = new_app(RATELIMIT_ENABLED="1", **settings)
        with app.app_context():
            limiter.reset()
        return app

    yield make
    vars(limiter).clear()
    vars(limiter).update(before)


@pytest.mark.parametrize("redis", ["with", "without"])
def test_a_flood_of_sign_ins_is_slowed(limited: Callable[..., Flask], redis: str) -> None:
    app = limited(RATELIMIT_LOGIN="3 per minute", **({} if redis == "with" else {"REDIS_URL": ""}))
    nobody = factories.email()
    answers = [log_in(app, email=nobody, password="x" * 12) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    for answer in answers[3:]:
        refused(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert app.test_client().get("/api/profile/").status_code == 401  # other calls go on


def test_a_flood_of_sign_ups_is_slowed_and_another_address_is_not(limited: Callable[..., Flask]) -> None:
    app = limited(RATELIMIT_SIGNUP="2 per hour")
    assert [sign_up(app).status_code for _ in range(3)] == [201, 201, 429]
    assert 1 <= int(sign_up(app).headers["Retry-After"]) <= 3600
    body = {"name": "A", "email": factories.email(), "phone": factories.phone(), "password": PASSWORD}
    elsewhere = app.test_client().post("/api/signup/", json=body, environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 201


def test_a_forged_forwarding_header_does_not_lift_the_limit(limited: Callable[..., Flask]) -> None:
    app = limited(RATELIMIT_LOGIN="2 per minute")
    nobody = factories.email()
    statuses = [
        app.test_client()
        .post(
            "/api/login/",
            json={"email": nobody, "password": "x"},
            headers={"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"},
        )
        .status_code
        for number in range(4)
    ]
    assert statuses == [401, 401, 429, 429]


def test_letters_for_forgotten_passwords_are_limited_for_an_address(limited: Callable[..., Flask]) -> None:
    app = limited(RATELIMIT_FORGOT="3 per hour")
    answers = [app.test_client().post("/api/password/forgot/", json={"email": factories.email()}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3600


def test_what_sends_no_letter_is_not_counted_with_what_does(limited: Callable[..., Flask]) -> None:
    saver = factories.make_saver(limited(RATELIMIT_CODES="2 per hour"))
    plain = [saver.call("PATCH", "/api/profile/", {"language": language}) for language in ("hi", "en") * 2]
    assert [answer.status_code for answer in plain] == [200] * 4
    moves = [saver.call("PATCH", "/api/profile/", {"email": factories.email()}) for _ in range(3)]
    assert [answer.status_code for answer in moves] == [200, 200, 429]
    assert saver.call("PATCH", "/api/profile/", {"phone": factories.phone()}).status_code == 429
    assert saver.call("PATCH", "/api/profile/", {"language": "hi"}).status_code == 200


def test_codes_and_links_share_one_limit_for_an_address(limited: Callable[..., Flask]) -> None:
    app = limited(RATELIMIT_CODES="2 per hour")
    statuses = []
    for path in ("/api/email/send-link/", "/api/phone/send-code/", "/api/email/send-link/", "/api/phone/send-code/"):
        statuses.append(factories.make_saver(app).post(path).status_code)
    assert statuses == [202, 503, 429, 429]
