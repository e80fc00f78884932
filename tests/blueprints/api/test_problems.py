"""The conventions of every answer: problems, request ids, methods, types, sizes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import Saver

MEMBERS = ["type", "title", "status", "detail", "code", "request_id"]
LEAKS = re.compile(r"Traceback|File \"|psycopg|sqlalchemy|SELECT |INSERT |site-packages|/app/|\.py\b", re.IGNORECASE)


def is_problem(answer: TestResponse, status: int, code: str) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json
    assert list(problem) in (MEMBERS, [*MEMBERS, "errors"])
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:chhota:problem:{code}"
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["title"]
    assert problem["detail"].endswith((".", "!"))
    assert ("errors" in problem) == (status == 422 and code != "idempotency_key_reused")
    for name, sentences in problem.get("errors", {}).items():
        assert isinstance(name, str)
        assert all(isinstance(sentence, str) for sentence in sentences)
    assert not LEAKS.search(answer.get_data(as_text=True))


@pytest.mark.parametrize("path", ["/api/nothing/", "/api/", "/api/jars/not-an-id/", "/api/jars/%00/", "/api/../x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_not_there(app: Flask, saver: Saver, path: str, method: str) -> None:
    is_problem(saver.call(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/signup/", {"POST"}),
        ("DELETE", "/api/login/", {"POST"}),
        ("GET", "/api/token/refresh/", {"POST"}),
        ("PUT", "/api/logout/", {"POST"}),
        ("DELETE", "/api/jars/", {"GET", "POST"}),
        ("GET", "/api/jars/deposit/", {"POST"}),
        ("PUT", "/api/jars/withdraw/", {"POST"}),
        ("POST", "/api/transactions/", {"GET"}),
        ("PUT", "/api/jars/5d4bd1b0-7a3c-4c39-9a34-3b0d3a1f2c11/", {"GET", "PATCH", "DELETE"}),
        ("PROPFIND", "/api/jars/", {"GET", "POST"}),
    ],
)
def test_a_method_that_an_address_does_not_take(
    app: Flask, saver: Saver, method: str, path: str, allowed: set[str]
) -> None:
    answer = saver.call(method, path)
    is_problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed


WRITES = ["/api/signup/", "/api/login/", "/api/jars/", "/api/jars/deposit/", "/api/jars/withdraw/", "/api/logout/"]
BODIES: list[tuple[str, bytes, str, int, str]] = [
    ("not JSON", b"{", "application/json", 400, "malformed_json"),
    ("a member twice", b'{"name": "a", "name": "b"}', "application/json", 400, "malformed_json"),
    ("NaN", b'{"amount": NaN}', "application/json", 400, "malformed_json"),
    ("Infinity", b'{"amount": -Infinity}', "application/json", 400, "malformed_json"),
    ("UTF-16", '{"name": "a"}'.encode("utf-16"), "application/json", 400, "malformed_json"),
    ("latin-1", '{"name": "é"}'.encode("latin-1"), "application/json", 400, "malformed_json"),
    ("a byte order mark", b"\xef\xbb\xbf{}", "application/json", 400, "malformed_json"),
    ("too deep", b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "application/json", 400, "malformed_json"),
    ("two documents", b"{} {}", "application/json", 400, "malformed_json"),
    ("too big", b'{"name": "' + b"a" * 70_000 + b'"}', "application/json", 413, "payload_too_large"),
    ("a form", b"name=a", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    ("XML", b"<name/>", "application/xml", 415, "unsupported_media_type"),
    ("no type", b"{}", "", 415, "unsupported_media_type"),
    ("another charset", b"{}", "application/json; charset=latin-1", 415, "unsupported_media_type"),
    ("a list", b"[]", "application/json", 422, "validation_error"),
    ("a string", b'"x"', "application/json", 422, "validation_error"),
    ("null", b"null", "application/json", 422, "validation_error"),
    ("an unknown member", b'{"unknown": 1}', "application/json", 422, "validation_error"),
    ("NUL", b'{"name": "a\\u0000b"}', "application/json", 422, "validation_error"),
    ("a lone surrogate", b'{"name": "\\ud800"}', "application/json", 422, "validation_error"),
    ("NUL in a name", b'{"na\\u0000me": "a"}', "application/json", 422, "validation_error"),
    ("a huge number", b'{"amount": ' + b"9" * 5000 + b"}", "application/json", 422, "validation_error"),
    ("__proto__", b'{"__proto__": {"role": "admin"}}', "application/json", 422, "validation_error"),
]


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(("raw", "kind", "status", "code"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_a_body_that_cannot_be_read(saver: Saver, path: str, raw: bytes, kind: str, status: int, code: str) -> None:
    answer = saver.client.post(path, data=raw, headers=saver.headers | ({"Content-Type": kind} if kind else {}))
    is_problem(answer, status, code)
    assert saver.get("/api/profile/").status_code == 200  # nobody was signed out by it either


def test_the_clients_own_request_id_comes_back_where_it_is_sane(app: Flask, saver: Saver) -> None:
    assert saver.get("/api/profile/", headers={"X-Request-Id": "phone-7.42"}).headers["X-Request-Id"] == "phone-7.42"
    for strange in ("a b", "x" * 300, "<script>", "", "é"):
        answer = saver.get("/api/nothing/", headers={"X-Request-Id": strange})
        assert answer.headers["X-Request-Id"] != strange
        is_problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["/api/profile/", "/api/jars/", "/api/nothing/", "/api/openapi.json"])
def test_no_answer_of_the_api_is_kept_by_anyone(saver: Saver, path: str) -> None:
    answer = saver.get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_a_fault_of_ours_says_nothing_of_how(app: Flask, saver: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: Any) -> None:
        raise RuntimeError("SELECT secret FROM /app/services at psycopg2")

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.view_functions, "savings.list_jars", _public(fails))
    answer = saver.get("/api/jars/")
    is_problem(answer, 500, "internal_error")


def _public(view: Any) -> Any:
    view.access = "public"
    return view
