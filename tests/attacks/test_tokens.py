"""Every call that wants a token refuses each kind that is none: 401, whatever else the call would say."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from tests import factories
from tests.attacks.walking import Route, api_routes
from tests.factories import Saver
from tests.forgeries import FORGERIES, NOW, claims_of, signed


@pytest.fixture(scope="module")
def guarded(walked: Flask) -> list[Route]:
    return [route for route in api_routes(walked) if route.level != "public"]


def ask(app: Flask, route: Route, authorization: str) -> tuple[int, str, str | None]:
    """Status, code and challenge of the call; its ids are those of nothing, its body is none."""
    answer = app.test_client().open(route.path(app), method=route.method, headers={"Authorization": authorization})
    return answer.status_code, answer.json["code"], answer.headers.get("WWW-Authenticate")


def test_each_forgery_fails_at_each_call(walked: Flask, guarded: list[Route]) -> None:
    saver = factories.make_staff(walked)
    assert len(FORGERIES) >= 20
    assert len(guarded) >= 30
    for number, route in enumerate(guarded):
        token = saver.refresh_token if route.level == "refresh" else saver.access_token
        # A third at each call, the others at the next two; all at one call: tests/blueprints/api/test_tokens.py.
        for kind, forge in list(FORGERIES.items())[number % 3 :: 3]:
            forged = forge(walked, claims_of(token), str(uuid4()))
            assert ask(walked, route, f"Bearer {forged}") == (401, "token_invalid", "Bearer"), (str(route), kind)
        # It is the forgery that is refused: what is right gets further.
    assert saver.get("/api/profile/").status_code == 200


def test_the_other_kind_of_token_fails_at_each_call(walked: Flask, guarded: list[Route]) -> None:
    saver = factories.make_staff(walked)
    for route in guarded:
        wrong = saver.access_token if route.level == "refresh" else saver.refresh_token
        assert ask(walked, route, f"Bearer {wrong}") == (401, "token_invalid", "Bearer"), route


def test_an_expired_token_fails_at_each_call(walked: Flask, guarded: list[Route]) -> None:
    saver = factories.make_staff(walked)
    for route in guarded:
        good = claims_of(saver.refresh_token if route.level == "refresh" else saver.access_token)
        old = signed(walked, good | {"iat": NOW - 7200, "nbf": NOW - 7200, "exp": NOW - 3600})
        assert ask(walked, route, f"Bearer {old}") == (401, "token_expired", "Bearer"), route


def test_a_sign_in_that_has_ended_fails_at_each_call(walked: Flask, guarded: list[Route]) -> None:
    saver = factories.make_staff(walked)
    saver.post("/api/logout/")
    for route in guarded:
        token = saver.refresh_token if route.level == "refresh" else saver.access_token
        assert ask(walked, route, f"Bearer {token}") == (401, "token_revoked", "Bearer"), route


@pytest.mark.parametrize("status", ["suspended", "erased"])
def test_somebody_who_is_not_active_fails_at_each_call(
    walked: Flask, guarded: list[Route], rows: Any, status: str
) -> None:
    """Also where nobody thought of ending the sign-in."""
    saver = factories.make_staff(walked)
    with rows.cursor() as cursor:
        cursor.execute("UPDATE users SET status = %s WHERE id = %s", (status, str(saver.id)))
    for route in guarded:
        token = saver.refresh_token if route.level == "refresh" else saver.access_token
        assert ask(walked, route, f"Bearer {token}") == (401, "token_revoked", "Bearer"), route


def test_a_token_of_another_saver_is_of_no_use_in_a_cookie(walked: Flask, guarded: list[Route]) -> None:
    """The API knows no cookie: neither a page's session nor a token in one signs anybody in."""
    saver: Saver = factories.make_staff(walked)
    from tests.attacks.walking import browser

    client, _ = browser(walked, saver)
    client.set_cookie("access_token_cookie", saver.access_token)
    for route in guarded:
        answer = client.open(route.path(walked), method=route.method)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated"), route
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
