"""Whose is it: somebody else's id, in a path, a body, a form or a query, answers exactly as one of nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from tests.attacks import forms
from tests.attacks.forms import Form
from tests.attacks.snapshots import everything
from tests.attacks.walking import (
    ID_TEXT,
    IN_BODIES,
    NOBODYS,
    PICTURE,
    STAFF,
    Document,
    Person,
    Route,
    api_routes,
    body_of,
    make_person,
    pages,
    put_into,
    routes,
    sent_with,
)

NUMBER_IN_PATH = re.compile(r"(?<=/)\d+(?=/)")
STAMPED = re.compile(r'(name="(?:csrf_token|key)"[^>]*value="|data-token=")[^"]*|("request_id": ?")[^"]*')
SIGNED = re.compile(r"[\w.-]{40,}")
OF_EACH = {"Date", "X-Request-Id", "Content-Length"}  # the length follows from what is compared


@pytest.fixture(scope="module")
def strangers(walked: Flask) -> list[Person]:
    """Another saver, and staff; each has as much as the owner."""
    return [make_person(walked), *(make_person(walked, role) for role in STAFF)]


@pytest.fixture(scope="module")
def found_forms(walked: Flask, owner: Person) -> dict[tuple[str, str], Form]:
    return forms.found(walked, owner)


def as_asked(
    route: Route, owner: Person, document: Document, found_forms: dict[tuple[str, str], Form]
) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """The calls that the owner would make of a route: the kinds of ids in its path, and what is sent."""
    in_path = [name for name in route.rule.arguments if name not in NOBODYS]
    if not route.is_api:
        form = found_forms.get(route.call, Form("", route.method))
        sent = {"data": forms.as_sent(form)} if route.method != "GET" else {}
        if in_path or ID_TEXT.search(str(sent) + form.action):
            yield in_path, sent | {"query_string": urlencode(forms.query_of(form))}
        return
    query = {}
    for parameter in document.operation(route)["parameters"]:
        schema = document.resolved(parameter.get("schema", {}))
        if parameter["in"] == "query" and schema.get("format") == "date":
            query[parameter["name"]] = "2026-07-01"
    for parameter in document.operation(route)["parameters"]:
        if parameter["in"] == "query" and document.resolved(parameter.get("schema", {})).get("format") == "uuid":
            named = parameter["name"]
            yield [*in_path], {"query_string": {**query, named: owner.id_of(named)}}
    taken = document.body(route)
    if taken is None:
        if in_path:
            yield in_path, {"query_string": query} | ({"json": {}} if route.method != "GET" else {})
        return
    body = body_of(owner, route)
    ids = [name for name, schema in document.members(taken[1]) if schema.get("format") == "uuid"]
    for name in ids or [None]:
        named = body
        if name is not None:
            kind, beside = IN_BODIES.get(name, (name.rpartition(".")[2], {}))
            named = put_into(body, name, owner.id_of(kind), beside)
        if in_path or name is not None:
            yield in_path, {**sent_with(document, route, named), "query_string": query}


def with_ids(value: Any, swapped: dict[str, str]) -> Any:
    """``value`` with other ids in the places of some."""
    if isinstance(value, dict):
        return {name: with_ids(inner, swapped) for name, inner in value.items()}
    if isinstance(value, tuple):
        return (BytesIO(PICTURE), *value[1:])  # a file, which is read to its end each time
    if isinstance(value, list):
        return [with_ids(inner, swapped) for inner in value]
    return ID_TEXT.sub(lambda found: swapped.get(found[0], found[0]), value) if isinstance(value, str) else value


def _without_ids(text: str) -> str:
    return NUMBER_IN_PATH.sub("ID", ID_TEXT.sub("ID", text))


def seen(answer: TestResponse, client: Any) -> tuple[Any, ...]:
    """All that somebody learns from an answer: status, body, headers, cookies and what the session then holds."""
    body = _without_ids(STAMPED.sub("", answer.get_data(as_text=True)))
    headers = sorted(
        (name, "; ".join(sorted(parse_cookie(value))) if name == "Set-Cookie" else _without_ids(value))
        for name, value in answer.headers
        if name not in OF_EACH
    )
    body = body.replace(answer.headers["X-Request-Id"], "")
    with client.session_transaction() as kept:
        remembered = str(sorted((name, value) for name, value in kept.items() if name != "csrf_token"))
        held = SIGNED.sub("", _without_ids(remembered))
        kept.pop("_flashes", None)  # what the next page would say
    return answer.status_code, body, headers, held


def test_every_id_that_a_route_takes_can_be_walked(walked: Flask, owner: Person, document: Document) -> None:
    for route in routes(walked):
        for name, converter in route.rule._converters.items():
            assert name in NOBODYS or owner.id_of(name), route
            assert name not in NOBODYS or type(converter).__name__ != "UUIDConverter", route
    for route in api_routes(walked):
        taken = document.body(route)
        for name, schema in document.members(taken[1]) if taken else ():
            last = name.rpartition(".")[2]
            assert schema.get("format") == "uuid" or not last.endswith("_id"), f"{route}: {name} is no uuid"
            if schema.get("format") == "uuid":
                assert owner.id_of(IN_BODIES.get(name, (last, {}))[0]), (route, name)


def test_a_foreign_id_answers_exactly_as_a_missing_one(
    walked: Flask, owner: Person, strangers: list[Person], document: Document,
    found_forms: dict[tuple[str, str], Form], rows: Any,
) -> None:  # fmt: skip
    walks = []
    for route in [*api_routes(walked), *pages(walked)]:
        if route.level in {"saver", *STAFF}:
            walks += [(route, *asked) for asked in as_asked(route, owner, document, found_forms)]
    for person in (owner, *strangers):  # what is made on the way is made before the database is looked at
        for kind in sorted({one for route, in_path, _ in walks if route.level == "saver" for one in in_path}):
            person.id_of(kind)
    before = everything(rows, owner.id_of("user_id"))
    walked_calls = set()
    for route, in_path, sent in walks:
        path = route.path(walked, {name: owner.id_of(name) for name in in_path})
        theirs = sorted({*ID_TEXT.findall(path), *ID_TEXT.findall(str(sent))})
        for person in strangers:
            if route.level in STAFF and person.saver.id != strangers[0].saver.id:
                continue  # what staff see is nobody's own; that others learn nothing of it is walked
            for own in ways_to_mix(theirs, owner, person):
                missing = {one: own.get(one, str(uuid4())) for one in theirs}
                answers = [
                    seen(
                        person.open(route, with_ids(path, swapped), with_ids(sent, swapped)),
                        person.saver.client if route.is_api else person.browser,
                    )
                    for swapped in (own, missing)
                ]
                assert answers[0] == answers[1], (str(route), own)
                if route.is_api or in_path:
                    kept_out = {404} if route.is_console else {403}
                    inside = {404} if in_path and not own else {404, 409, 422}
                    expected = kept_out if route.level in STAFF else inside
                    assert answers[0][0] in expected, (str(route), answers[0][0])
                walked_calls.add(route.call)
    assert everything(rows, owner.id_of("user_id")) == before
    assert {
        ("GET", "/api/jars/<uuid:jar_id>/"), ("POST", "/api/jars/withdraw/"), ("POST", "/api/support-requests/"),
        ("POST", "/jars/<uuid:jar_id>/deposit"), ("GET", "/jars/<uuid:jar_id>/statement.pdf"),
    } <= walked_calls  # fmt: skip


def ways_to_mix(theirs: list[str], owner: Person, person: Person) -> Iterator[dict[str, str]]:
    """Which of the owner's ids a stranger puts their own in place of: none, and all mixtures that leave one."""
    kinds = {one: kind for kind, one in owner.ids.items()}
    for choice in product((False, True), repeat=len(theirs)):
        if not all(choice) and all(one in kinds for one, own in zip(theirs, choice, strict=True) if own):
            yield {one: person.id_of(kinds[one]) for one, own in zip(theirs, choice, strict=True) if own}


def test_without_a_sign_in_an_id_says_nothing(walked: Flask, owner: Person) -> None:
    client = walked.test_client()
    for route in routes(walked):
        if route.level not in {"saver", *STAFF} or not route.rule.arguments or set(route.rule.arguments) & NOBODYS:
            continue
        real = {name: owner.id_of(name) for name in route.rule.arguments}
        answers = [seen(client.open(route.path(walked, ids), method=route.method), client) for ids in (real, {})]
        assert answers[0] == answers[1], route
        assert answers[0][0] == 401 if route.is_api else answers[0][0] in {303, 400}, route


def test_a_cursor_of_somebody_else_leads_nowhere(walked: Flask, owner: Person, strangers: list[Person]) -> None:
    """Every list that takes a cursor refuses one of another saver, of another list, and a made-up one."""
    document = Document(walked)
    for _ in range(3):
        for kind in ("transaction_id", "notice_id", "request_id", "jar_id"):
            owner.ids.pop(kind, None)
            owner.id_of(kind)
    lists = [
        route
        for route in api_routes(walked)
        if route.method == "GET" and any(one["name"] == "cursor" for one in document.operation(route)["parameters"])
    ]
    cursors = {}
    for route in lists:
        giver = owner if route.level == "saver" else strangers[-2]  # a list of staff: somebody else of them
        own_path = route.path(walked, {name: giver.id_of(name) for name in route.rule.arguments})
        cursors[own_path] = giver.saver.get(own_path, query_string={"limit": "1"}).json["next_cursor"]
    given = [cursor for cursor in cursors.values() if cursor]
    assert len(given) >= 3
    for route in lists:
        for person in (*strangers, owner) if route.level == "saver" else strangers[-1:]:
            path = route.path(walked, {name: person.id_of(name) for name in route.rule.arguments})
            for cursor in {*given, "made-up"} - {cursors.get(path) if person is owner else None}:
                answer = person.saver.get(path, query_string={"cursor": cursor})
                assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor"), (route, path)
