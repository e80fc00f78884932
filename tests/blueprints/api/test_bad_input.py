"""What cannot be used, and its answer, for everything that lets somebody into an account."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.services.identity import staff
from app.transactions import run
from tests import factories
from tests.factories import PASSWORD

SIGNUP, LOGIN, RESET = "/api/signup/", "/api/login/", "/api/password/reset/"
ACCOUNT = {"name": "Asha Devi", "email": "{new}", "phone": "{number}", "password": PASSWORD}
SIGN_IN = {"email": "{own}", "password": PASSWORD}
LINK = {"token": "made up", "password": "lamp kite harbour"}
PUBLIC = {
    SIGNUP: ACCOUNT, LOGIN: SIGN_IN, RESET: LINK, "/api/password/forgot/": {"email": "{own}"},
    "/api/email/verify/": {"token": "made up"},
}  # fmt: skip
OWN = {
    "/api/password/change/": {"current_password": PASSWORD, "new_password": "lamp kite harbour"},
    "/api/phone/verify/": {"code": "123456"},
    "/api/two-factor/confirm/": {"code": "123456"},
    "/api/two-factor/recovery-codes/": {"password": PASSWORD, "otp": "123456"},
    "/api/sign-ins/confirm/": {"password": PASSWORD},
}
DEEP = b'{"email": ' + b"[" * 5000 + b"]" * 5000 + b"}"
BODIES: dict[str, tuple[bytes, str, int, str]] = {
    "not JSON": (b"{", "application/json", 400, "malformed_json"),
    "empty text": (b" ", "application/json", 400, "malformed_json"),
    "a member twice": (b'{"email": "a@b.in", "email": "c@d.in"}', "application/json", 400, "malformed_json"),
    "NaN": (b'{"email": NaN}', "application/json", 400, "malformed_json"),
    "Infinity": (b'{"password": -Infinity}', "application/json", 400, "malformed_json"),
    "not UTF-8": ('{"email": "ü"}'.encode("latin-1"), "application/json", 400, "malformed_json"),
    "UTF-16": ('{"email": "a"}'.encode("utf-16"), "application/json", 400, "malformed_json"),
    "too deep": (DEEP, "application/json", 400, "malformed_json"),
    "too big": (b'{"email": "' + b"a" * 70_000 + b'"}', "application/json", 413, "payload_too_large"),
    "a form": (b"email=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    "plain text": (b"{}", "text/plain", 415, "unsupported_media_type"),
    "a list": (b"[]", "application/json", 422, "validation_error"),
    "a number": (b"1", "application/json", 422, "validation_error"),
    "null": (b"null", "application/json", 422, "validation_error"),
}
# One field of a whole body replaced: (path, field, value, status, code).
FIELDS: list[tuple[str, str, Any, int, str]] = [
    *[(SIGNUP, "password", value, 422, "weak_password")
      for value in ("", "short", "nine char", "password123", "1234567890", "PASSWORD123!", "a" * 129, "Asha Devi")],
    *[(SIGNUP, "email", value, 409, "email_taken") for value in ("{own}", "{OWN}", "{wide}")],
    (SIGNUP, "phone", "{taken}", 409, "phone_taken"),
    *[(SIGNUP, "phone", value, 422, "validation_error") for value in ("12345", "+915876543210", "call me", 9876543210)],
    *[(SIGNUP, "role", value, 422, "validation_error") for value in ("admin", "saver", None)],
    *[(SIGNUP, "time_zone", value, 422, "validation_error") for value in ("Mars/Olympus", "Asia/Kolkata")],
    *[(SIGNUP, "name", value, 422, "validation_error") for value in ("", "a\x00b", "a\ud800b", "a" * 101, ["Asha"])],
    *[(LOGIN, "password", value, 401, "invalid_credentials")
      for value in ("", "wrong horse battery", "' OR '1'='1", PASSWORD.upper(), PASSWORD + " ")],
    *[(LOGIN, "email", value, 401, "invalid_credentials")
      for value in ("nobody@example.com", "' OR 1=1; DROP TABLE users; --", "%", "{suspended}", "x" * 254)],
    *[(LOGIN, "email", value, 422, "validation_error")
      for value in (["{own}"], {"$ne": ""}, None, True, 1, "a\x00@b.in", "a\ud800", "x" * 255)],
    *[(LOGIN, "password", value, 422, "validation_error") for value in (["x"], None, 1, "a" * 1025, "a\x00b")],
    *[(LOGIN, "otp", value, 422, "validation_error") for value in (123456, None, ["123456"], "1" * 33, "")],
    (LOGIN, "phone", "9876543210", 422, "validation_error"),
    (LOGIN, "remember", True, 422, "validation_error"),
    *[(RESET, "token", value, 422, "link_invalid") for value in ("x", "a.b.c", "' OR 1=1 --", "x" * 200)],
    *[(RESET, "token", value, 422, "validation_error") for value in (None, 1, ["x"], "", "x" * 201, "a\x00")],
    *[("/api/email/verify/", "token", value, 422, "link_invalid") for value in ("x", "a.b.c", "{own}")],
    *[("/api/password/forgot/", "email", value, 422, "validation_error") for value in (None, 1, ["a"], "", "a\x00")],
    *[("/api/password/forgot/", "email", value, 202, "") for value in ("nobody", "%", "' OR 1=1 --", "{suspended}")],
    *[("/api/phone/verify/", "code", value, 422, "code_invalid") for value in ("12345", "abcdef", "' OR 1=1")],
    *[("/api/phone/verify/", "code", value, 422, "validation_error") for value in (123456, None, "1" * 17, "")],
    *[("/api/two-factor/confirm/", "code", value, 422, "validation_error") for value in (123456, None, [], "")],
    *[("/api/sign-ins/confirm/", "password", value, 422, "validation_error") for value in ("wrong", "", None, 1)],
    *[("/api/password/change/", "current_password", value, 422, "validation_error") for value in ("wrong", "", None)],
    *[("/api/password/change/", "new_password", value, 422, "weak_password") for value in ("", "short", "password123")],
]  # fmt: skip


@pytest.fixture(scope="module")
def people(app: Flask) -> dict[str, str]:
    own, taken, suspended = (factories.make_saver(app) for _ in range(3))
    with app.app_context():
        run(lambda: staff.suspend(suspended.email, at=factories.clock.now()))
    return {
        "own": own.email, "OWN": own.email.upper(), "wide": own.email.replace("saver", "\uff53aver"),
        "taken": str(taken.phone), "suspended": suspended.email, "token": own.access_token,
    }  # fmt: skip


def filled(value: Any, people: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: filled(one, people) for name, one in value.items()}
    if not isinstance(value, str) or "{" not in value:
        return value
    return value.format(**people, new=factories.email(), number=factories.phone())


def send(app: Flask, people: dict[str, str], path: str, **more: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {people['token']}"} if path in OWN else {}
    return app.test_client().post(path, headers=headers, **more)


def refused(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
def test_a_body_that_is_none(app: Flask, people: dict[str, str], path: str, kind: str) -> None:
    body, content_type, status, code = BODIES[kind]
    refused(send(app, people, path, data=body, content_type=content_type), status, code)


@pytest.mark.parametrize(("path", "field", "value", "status", "code"), FIELDS)
def test_a_field_that_cannot_be(
    app: Flask, people: dict[str, str], path: str, field: str, value: Any, status: int, code: str
) -> None:
    body = filled((PUBLIC | OWN)[path], people) | {field: filled(value, people)}
    # As text with escapes: a lone surrogate has no bytes of its own.
    answer = send(app, people, path, data=json.dumps(body), content_type="application/json")
    if status < 400:
        assert answer.status_code == status
        return
    refused(answer, status, code)
    if status == 422 and code != "code_invalid":
        assert list(answer.json["errors"])


@pytest.mark.parametrize("path", [*PUBLIC, *OWN])
def test_nothing_at_all_names_what_is_missing(app: Flask, people: dict[str, str], path: str) -> None:
    answer = send(app, people, path)
    refused(answer, 422, "validation_error")
    assert set(answer.json["errors"]) <= set((PUBLIC | OWN)[path])


def test_what_was_refused_has_changed_nothing(app: Flask, people: dict[str, str]) -> None:
    assert app.test_client().post(LOGIN, json=filled(SIGN_IN, people)).status_code == 200
