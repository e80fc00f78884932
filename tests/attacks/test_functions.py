"""Who may do what: every route against every kind of person, and against those who were something a moment ago."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from app.blueprints.api.access import ALLOWED
from tests import factories
from tests.attacks.walking import STAFF, Person, Route, api_routes, make_person, pages, routes
from tests.test_routes import OWN_RULES

# What the framework brings without a rule of ours: files of the program, the document, and the figures (which have
# a token of their own). A route that is new here must declare who may use it.
LEVELS = {"public", "refresh", "saver", "support", "admin"}


def test_a_route_without_a_rule_fails_the_tests(walked: Flask) -> None:
    undeclared = {str(route) for route in routes(walked) if route.level not in LEVELS}
    own = {str(route) for route in routes(walked) if route.rule.endpoint in OWN_RULES}
    assert undeclared == own, "Every route declares who may use it: access() in the API, page_access() for a page."


def reached(app: Flask, person: Person, route: Route, owner: Person) -> TestResponse:
    """The route asked with nothing sent but what the edge wants: an answer of 422 or 404 is one from inside.

    At the console 404 is what others get, so its routes are asked for what there is: the ``owner``'s.
    """
    ids = {name: owner.id_of(name) for name in route.rule.arguments} if route.is_console else {}
    return person.open(route, route.path(app, ids), {"data": {}} if not route.is_api else {})


def refused(route: Route, answer: TestResponse) -> bool:
    """Whether the answer says that this is not for that account: of the console savers do not even hear that it is."""
    if route.is_api:
        return answer.status_code == 403 and answer.json["code"] == "forbidden"
    return answer.status_code == 403 or (route.is_console and answer.status_code == 404)


@pytest.mark.parametrize("role", ["saver", "support", "admin"])
def test_every_role_reaches_what_is_for_it_and_nothing_else(walked: Flask, owner: Person, role: str) -> None:
    person = make_person(walked, role)
    for route in [*api_routes(walked), *pages(walked)]:
        if route.level not in ALLOWED:
            continue
        answer = reached(walked, person, route, owner)
        if answer.status_code == 401 or "/login" in answer.headers.get("Location", ""):
            person = make_person(walked, role)  # a route before this one was a way to sign out
            answer = reached(walked, person, route, owner)
        assert answer.status_code < 500, route
        if role in ALLOWED[route.level]:
            assert answer.status_code != 401, route
            assert not refused(route, answer), route
        else:
            assert refused(route, answer), (str(route), role, answer.status_code)


def test_nobody_reaches_what_is_not_public(walked: Flask) -> None:
    for route in [*api_routes(walked), *pages(walked)]:
        if route.level == "public":
            continue
        answer = walked.test_client().open(route.path(walked), method=route.method)
        if route.is_api:
            assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated"), route
        elif route.method == "GET":
            assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login"), route
        else:
            assert answer.status_code == 400, route  # a form without its token


@pytest.mark.parametrize(("before", "after"), [("support", "saver"), ("admin", "saver"), ("admin", "support")])
def test_a_role_taken_away_counts_on_the_very_next_call(
    walked: Flask, owner: Person, rows: Any, before: str, after: str
) -> None:
    staff = [route for route in [*api_routes(walked), *pages(walked)] if route.level in STAFF]
    assert len(staff) >= 3
    for route in staff:
        if before not in ALLOWED[str(route.level)] or after in ALLOWED[str(route.level)]:
            continue
        person = make_person(walked, before)
        assert not refused(route, reached(walked, person, route, owner)), route
        with rows.cursor() as cursor:
            cursor.execute("UPDATE users SET role = %s WHERE id = %s", (after, str(person.saver.id)))
        assert refused(route, reached(walked, person, route, owner)), route


@pytest.mark.parametrize("status", ["suspended", "erased"])
def test_a_page_is_closed_on_the_very_next_click(walked: Flask, owner: Person, rows: Any, status: str) -> None:
    """Whoever is suspended or erased is led to the sign-in from every page, whatever their browser holds."""
    for route in pages(walked):
        if route.level == "public" or (route.method == "GET" and route.rule.arguments):
            continue
        person = make_person(walked, "admin")
        with rows.cursor() as cursor:
            cursor.execute("UPDATE users SET status = %s WHERE id = %s", (status, str(person.saver.id)))
        answer = reached(walked, person, route, owner)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login"), route


def test_a_method_that_a_route_does_not_name_does_nothing(walked: Flask) -> None:
    """405 with what is allowed, for savers and for nobody; TRACE and CONNECT are nothing here."""
    taken: dict[str, set[str]] = {}
    for route in routes(walked):
        taken.setdefault(route.rule.rule, set()).add(route.method)
    saver = factories.make_saver(walked)
    for route in {route.rule.rule: route for route in routes(walked)}.values():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - taken[route.rule.rule]:
            path = route.path(walked)
            with suppress(HTTPException):  # what no rule takes
                walked.url_map.bind("localhost").match(path, method=method)
                continue  # another route answers there
            answer = saver.client.open(path, method=method, headers=saver.headers)
            assert answer.status_code in {404, 405}, (method, route.rule.rule)
            if answer.status_code == 405:
                assert taken[route.rule.rule] <= {each.strip() for each in answer.headers["Allow"].split(",")}


def test_a_method_cannot_be_smuggled(walked: Flask) -> None:
    """Neither a header nor a field makes a GET into something else."""
    person = make_person(walked)
    jar = person.id_of("jar_id")
    headers = person.saver.headers | {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"}
    for method in ("GET", "POST", "PATCH"):
        person.saver.client.open(f"/api/jars/{jar}/?_method=DELETE", method=method, headers=headers, json={})
    assert person.saver.get(f"/api/jars/{jar}/").json["jar"]["status"] == "active"
