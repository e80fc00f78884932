"""Bodies that are none: every call that takes JSON gives each kind of bad body its own code, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from tests.attacks.snapshots import everything
from tests.attacks.walking import Document, Person, Route, api_routes, body_of, make_person, put_into, sent_with

DEEP = 33  # levels; 32 are taken


@pytest.fixture(scope="module")
def people(walked: Flask) -> dict[str | None, Person]:
    """Who may make the calls of each level."""
    saver, admin = make_person(walked), make_person(walked, "admin")
    for route in api_routes(walked):
        for name in route.rule.arguments:  # before the database is looked at
            (admin if route.level in {"support", "admin"} else saver).id_of(name)
    return {"public": saver, "refresh": saver, "saver": saver, "support": admin, "admin": admin}


@pytest.fixture(scope="module")
def writes(walked: Flask, document: Document) -> list[tuple[Route, str | None]]:
    """The calls that write, with the content type of what they take."""
    found = [(route, (document.body(route) or (None,))[0]) for route in api_routes(walked) if route.method != "GET"]
    assert sum(kind == "application/json" for _, kind in found) >= 12
    return found


def send(person: Person, route: Route, raw: bytes, kind: str | None = "application/json", **more: Any) -> Any:
    """Status and code of the call with these bytes as its body."""
    token = person.saver.refresh_token if route.level == "refresh" else person.saver.access_token
    path = route.path(person.app, {name: person.id_of(name) for name in route.rule.arguments})
    headers = {"Authorization": f"Bearer {token}"} | more
    answer = person.saver.client.open(path, method=route.method, data=raw, content_type=kind, headers=headers)
    told = answer.json if answer.data else {}
    return answer.status_code, told.get("code"), told.get("errors", {})


def test_each_kind_of_body_that_is_none(
    walked: Flask, rows: Any, people: dict[str | None, Person], writes: list[tuple[Route, str | None]]
) -> None:
    limit = walked.config["MAX_CONTENT_LENGTH"]
    walks = []
    for route, kind in writes:
        if kind == "application/json":
            person = people[route.level]
            body = json.dumps(body_of(person, route)).encode()
            named = (body_of(person, route) or {"a": 1}).copy()
            first = next(iter(named))
            twice = b"{%b: 1, %b" % (json.dumps(first).encode(), json.dumps(named).encode()[1:])
            walks.append((route, person, body, twice))
    before = everything(rows)
    for route, person, body, twice in walks:
        padded = body + b" " * (limit - len(body) + 1)
        for expected, raws in {
            (400, "malformed_json"): [
                b"{", body[:-1], body + b"}", b"'x'", twice, b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 01}',
                b"\xef\xbb\xbf" + body, body.decode().encode("utf-16"), b'{"a": "\xe9"}', b'{"a": "\xed\xa0\x80"}',
                b'{"a": "\n"}', b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"[" * 60_000,
                b'{"a": 1,}', b"{} {}", b"\x00",
            ],
            (413, "payload_too_large"): [padded, b"x" * (limit + 1)],
            (422, "validation_error"): [b"[]", b"5", b"null", b'"text"', b"true", b'[{"a": 1}]'],
        }.items():  # fmt: skip
            for raw in raws:
                assert send(person, route, raw)[:2] == expected, (str(route), raw[:60])
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None, "",
                     "application/json; charset=utf-16", "application/xml", "application/json-patch+json"):  # fmt: skip
            assert send(person, route, body, kind)[:2] == (415, "unsupported_media_type"), (str(route), kind)
        coded = send(person, route, body, **{"Content-Encoding": "gzip"})
        assert coded[:2] == (415, "unsupported_media_type"), route
    assert everything(rows) == before


def texts(document: Document, route: Route) -> Iterator[str]:
    """The members of a call's body that are text."""
    taken = document.body(route)
    for name, schema in document.members(taken[1]) if taken else ():
        kind = schema.get("type", "")
        if "string" in (kind if isinstance(kind, list) else [kind]) and schema.get("format") != "binary":
            yield name


def test_no_text_holds_what_is_no_text(
    walked: Flask, document: Document, rows: Any, people: dict[str | None, Person],
    writes: list[tuple[Route, str | None]],
) -> None:  # fmt: skip
    """NUL and half of a surrogate pair, in each member that is text, and in a name: 422, and the field is named."""
    bodies = {route: body_of(people[route.level], route) for route, kind in writes if kind == "application/json"}
    before, walked_members = everything(rows), 0
    for route, body in bodies.items():
        person = people[route.level]
        for name in texts(document, route):
            for value in ("a\0b", "\ud800", "\udfff\ud800", 5, ["x"], {"$ne": ""}):
                status, code, errors = send(person, route, json.dumps(put_into(body, name, value)).encode())
                assert (status, code) in {(422, "validation_error"), (422, "weak_password")}, (str(route), name, value)
                assert any(field.startswith(name.partition(".")[0]) for field in errors), (str(route), name, errors)
            walked_members += 1
        for name in ("a\0b", "\ud800"):
            assert send(person, route, json.dumps(body | {name: 1}).encode())[:2] == (422, "validation_error"), route
    assert walked_members >= 30
    assert everything(rows) == before


def test_no_column_of_any_table_is_taken_anywhere_in_a_body(
    walked: Flask, document: Document, rows: Any, people: dict[str | None, Person],
    writes: list[tuple[Route, str | None]],
) -> None:  # fmt: skip
    """All of them at once beside what is meant, and one within each object of the body (each alone: test_routes.py)."""
    columns = {column.name for table in db.metadata.tables.values() for column in table.columns}
    bodies = {route: body_of(people[route.level], route) for route, kind in writes if kind}
    before = everything(rows)
    for route, body in bodies.items():
        person, taken = people[route.level], document.body(route)
        assert taken is not None
        members = dict(document.members(taken[1]))
        path = route.path(walked, {name: person.id_of(name) for name in route.rule.arguments})
        unknown = dict.fromkeys(columns - set(members), "1")
        objects = [name for name, schema in members.items() if schema.get("type") == "object" and name[-1] != "0"]
        if taken[0] != "application/json":  # a form with more parts than any has is too large
            unknown = dict.fromkeys(sorted(unknown)[:80], "1")
        injected = [body | unknown, *(put_into(body, f"{name}.user_id", "1") for name in objects)]
        for sent in injected if taken[0] == "application/json" else injected[:1]:
            answer = person.saver.client.open(
                path, method=route.method, headers=person.saver.headers, **sent_with(document, route, sent)
            )
            assert (answer.status_code, answer.json["code"]) == (422, "validation_error"), (str(route), sent)
    assert everything(rows) == before


def test_what_takes_no_body_takes_none(
    walked: Flask, people: dict[str | None, Person], writes: list[tuple[Route, str | None]]
) -> None:
    """A call without a body does not look at one: the answer is the same whatever is sent along."""
    for route, kind in writes:
        if kind is None:
            answers = set()
            for raw in (b"", b"{", b"\xff" * 100, b'{"user_id": "1"}'):
                person = make_person(walked, "admin")
                answers.add(send(person, route, raw)[:2])
            assert len(answers) == 1, (str(route), answers)
            assert answers.pop()[0] < 500


def test_a_form_of_a_page_has_bounds_too(walked: Flask) -> None:
    """More bytes, fields or parts than any form has: 413, before anything is made of them."""
    person = make_person(walked)
    limit = walked.config["MAX_CONTENT_LENGTH"]
    token = {"csrf_token": person.form_token}
    large = {"text": "x" * limit}
    many = {f"field{number}": "" for number in range(3000)}
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="f{number}"\r\n\r\n1\r\n' for number in range(200))
    assert person.browser.post("/support/new", data=token | large).status_code == 413
    assert person.browser.post("/support/new", data=token | many | large).status_code == 413
    kind = "multipart/form-data; boundary=x"
    assert person.browser.post("/support/new", data=parts + "--x--\r\n", content_type=kind).status_code == 413
    assert len(parts) < limit


def test_a_part_of_a_form_without_a_name_is_refused(walked: Flask, document: Document) -> None:
    """Such a part is not a member of anything: 422, like every other that a call does not know."""
    person, walked_calls = make_person(walked), 0
    head = b"--x\r\nContent-Disposition: form-data"
    part = head + b"\r\n\r\n1\r\n" + head + b'; name=""\r\n\r\n1\r\n--x--'
    for route in api_routes(walked):
        taken = document.body(route)
        if taken is None or taken[0] != "multipart/form-data":
            continue
        assert send(person, route, part, "multipart/form-data; boundary=x")[0] in {400, 422}, route
        walked_calls += 1
    assert walked_calls
