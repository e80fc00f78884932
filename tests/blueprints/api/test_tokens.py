"""Bearer tokens: what is forged, spent, ended or of the wrong kind is 401 with its code, and nothing else is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.services.identity import staff
from app.transactions import run
from tests import factories
from tests.factories import Saver
from tests.forgeries import FORGERIES, NOW, claims_of, signed


def call(app: Flask, authorization: str | None, path: str = "/api/profile/", method: str = "GET") -> TestResponse:
    headers = {} if authorization is None else {"Authorization": authorization}
    return app.test_client().open(path, method=method, headers=headers)


def refused(answer: TestResponse, code: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (401, code)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("kind", FORGERIES)
@pytest.mark.parametrize("use", ["access", "refresh"])
def test_a_forged_token_is_refused(app: Flask, saver: Saver, kind: str, use: str) -> None:
    token = saver.access_token if use == "access" else saver.refresh_token
    path, method = ("/api/profile/", "GET") if use == "access" else ("/api/token/refresh/", "POST")
    assert claims_of(token)["type"] == use
    forged = FORGERIES[kind](app, claims_of(token), str(uuid4()))
    assert forged != token
    refused(call(app, f"Bearer {forged}", path, method), "token_invalid")
    assert call(app, f"Bearer {token}", path, method).status_code == 200  # and no harm came of it


def test_the_signature_is_all_that_a_forger_lacks(app: Flask, saver: Saver) -> None:
    """The forgeries above are refused for what is wrong with them: the same claims, rightly signed, are taken."""
    assert call(app, f"Bearer {signed(app, claims_of(saver.access_token))}").status_code == 200


@pytest.mark.parametrize(
    "header", [None, "", " ", ",", "Bearer", "Basic YTpi", "Token abc", "BearerX abc", "Bearer, Bearer", "\xe9"]
)
def test_without_a_bearer_token_the_call_is_unauthenticated(app: Flask, header: str | None) -> None:
    answer = call(app, header)
    assert answer.json["code"] in {"unauthenticated", "token_invalid"}
    if header not in {"Bearer", "Bearer, Bearer"}:
        refused(answer, "unauthenticated")


@pytest.mark.parametrize("header", ["Bearer {0} {0}", "Bearer {0}, Bearer {0}", "Bearer {0} x", "Bearer {0},,Bearer"])
def test_two_tokens_are_none(app: Flask, saver: Saver, header: str) -> None:
    answer = call(app, header.format(saver.access_token))
    assert answer.status_code == 401


def test_a_token_counts_only_in_the_header(app: Flask, saver: Saver) -> None:
    client = app.test_client()
    for name in ("access_token_cookie", "access_token", "Authorization"):
        client.set_cookie(name, saver.access_token)
    refused(client.get(f"/api/profile/?jwt={saver.access_token}&access_token={saver.access_token}"), "unauthenticated")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_the_same_in_any_case(app: Flask, saver: Saver, scheme: str) -> None:
    """RFC 9110, 11.1: the name of a scheme is case-insensitive."""
    assert call(app, f"{scheme} {saver.access_token}").status_code == 200


def test_each_token_is_for_its_own_call(app: Flask, saver: Saver) -> None:
    refused(call(app, f"Bearer {saver.refresh_token}"), "token_invalid")
    refused(call(app, f"Bearer {saver.access_token}", "/api/token/refresh/", "POST"), "token_invalid")


def test_expired_tokens_say_so(app: Flask, saver: Saver) -> None:
    for token, path, method in (
        (saver.access_token, "/api/profile/", "GET"),
        (saver.refresh_token, "/api/token/refresh/", "POST"),
    ):
        old = signed(app, claims_of(token) | {"iat": NOW - 7200, "nbf": NOW - 7200, "exp": NOW - 3600})
        refused(call(app, f"Bearer {old}", path, method), "token_expired")
    forged = signed(app, claims_of(saver.access_token) | {"exp": NOW - 3600}, key="k" * 40)
    refused(call(app, f"Bearer {forged}"), "token_invalid")


def test_a_sign_in_of_somebody_else_is_not_mine(app: Flask, saver: Saver) -> None:
    stranger = factories.make_saver(app)
    mixed = signed(app, claims_of(saver.access_token) | {"sid": str(stranger.family_id)})
    refused(call(app, f"Bearer {mixed}"), "token_revoked")
    unknown = signed(app, claims_of(saver.access_token) | {"sid": str(uuid4())})
    refused(call(app, f"Bearer {unknown}"), "token_revoked")
    nobody = signed(app, claims_of(saver.access_token) | {"sub": str(uuid4())})
    refused(call(app, f"Bearer {nobody}"), "token_revoked")


def test_a_role_in_the_token_gives_nothing(app: Flask, saver: Saver) -> None:
    claimed = signed(app, claims_of(saver.access_token) | {"role": "admin", "roles": ["admin"], "is_admin": True})
    answer = call(app, f"Bearer {claimed}")
    assert answer.status_code == 200
    assert "role" not in answer.json["user"]


def test_tokens_live_as_long_as_they_say(saver: Saver) -> None:
    access, refresh = claims_of(saver.access_token), claims_of(saver.refresh_token)
    assert access["exp"] - access["iat"] == 15 * 60
    assert refresh["exp"] - refresh["iat"] == 14 * 24 * 3600
    for claims in (access, refresh):
        assert (claims["iss"], claims["aud"], claims["sub"]) == ("chhota", "chhota-api", str(saver.id))
        assert set(claims) - {"fresh"} == {"exp", "iat", "nbf", "jti", "sub", "sid", "type", "aud", "iss"}


# ---- rotation ----


def refresh(saver: Saver, token: str) -> TestResponse:
    return saver.app.test_client().post("/api/token/refresh/", headers={"Authorization": f"Bearer {token}"})


def grow_older(superuser: Any, saver: Saver, seconds: float) -> None:
    """Let the last rotation lie further back."""
    with superuser.cursor() as cursor:
        cursor.execute(
            "UPDATE refresh_families SET rotated_at = rotated_at - %s WHERE id = %s",
            (timedelta(seconds=seconds), str(saver.family_id)),
        )


def test_a_refresh_token_is_spent_for_a_new_pair(app: Flask, saver: Saver) -> None:
    answer = refresh(saver, saver.refresh_token)
    assert answer.status_code == 200
    assert set(answer.json) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    assert answer.json["refresh_token"] != saver.refresh_token
    assert call(app, f"Bearer {answer.json['access_token']}").status_code == 200
    assert refresh(saver, answer.json["refresh_token"]).status_code == 200


def test_a_phone_that_lost_the_answer_gets_the_same_successor(saver: Saver, superuser: Any) -> None:
    successor = refresh(saver, saver.refresh_token).json["refresh_token"]
    grow_older(superuser, saver, 8)
    assert refresh(saver, saver.refresh_token).json["refresh_token"] == successor


def test_reuse_ends_the_family(app: Flask, saver: Saver, superuser: Any) -> None:
    pair = refresh(saver, saver.refresh_token).json
    grow_older(superuser, saver, 11)
    refused(refresh(saver, saver.refresh_token), "token_reused")
    refused(refresh(saver, pair["refresh_token"]), "token_revoked")
    for access in (saver.access_token, pair["access_token"]):
        refused(call(app, f"Bearer {access}"), "token_revoked")
    refused(refresh(saver, saver.refresh_token), "token_revoked")


def test_a_token_two_rotations_old_is_reuse_at_once(saver: Saver) -> None:
    second = refresh(saver, saver.refresh_token).json["refresh_token"]
    assert refresh(saver, second).status_code == 200
    refused(refresh(saver, saver.refresh_token), "token_reused")


def test_two_phones_that_race_with_one_token_share_one_successor(app: Flask, saver: Saver) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(saver, saver.refresh_token), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert refresh(saver, successors.pop()).status_code == 200


def test_reuse_does_not_touch_the_other_devices(app: Flask, saver: Saver) -> None:
    body = {"email": saver.email, "password": factories.PASSWORD}
    tablet = app.test_client().post("/api/login/", json=body).json
    second = refresh(saver, saver.refresh_token).json["refresh_token"]
    refresh(saver, second)
    refused(refresh(saver, saver.refresh_token), "token_reused")
    assert call(app, f"Bearer {tablet['access_token']}").status_code == 200
    assert refresh(saver, tablet["refresh_token"]).status_code == 200


# ---- the end of a sign-in ----


@pytest.mark.parametrize("body", [None, {}, "with its token"])
def test_signing_out_ends_both_tokens_at_once(app: Flask, saver: Saver, body: Any) -> None:
    sent = {"refresh_token": saver.refresh_token} if body == "with its token" else body
    answer = saver.post("/api/logout/", sent)
    assert (answer.status_code, answer.data) == (204, b"")
    refused(call(app, f"Bearer {saver.access_token}"), "token_revoked")
    refused(refresh(saver, saver.refresh_token), "token_revoked")
    refused(saver.post("/api/logout/", sent), "token_revoked")


def test_signing_out_takes_only_ones_own_tokens_along(app: Flask, saver: Saver) -> None:
    stranger = factories.make_saver(app)
    for foreign in (stranger.refresh_token, stranger.access_token, "garbage", "é" * 100):
        mine = app.test_client().post("/api/login/", json={"email": saver.email, "password": factories.PASSWORD}).json
        headers = {"Authorization": f"Bearer {mine['access_token']}"}
        answer = app.test_client().post("/api/logout/", json={"refresh_token": foreign}, headers=headers)
        assert answer.status_code == 204
    assert stranger.get("/api/profile/").status_code == 200
    assert refresh(stranger, stranger.refresh_token).status_code == 200


def test_the_refresh_token_of_another_own_device_ends_with_it(app: Flask, saver: Saver) -> None:
    tablet = app.test_client().post("/api/login/", json={"email": saver.email, "password": factories.PASSWORD}).json
    saver.post("/api/logout/", {"refresh_token": tablet["refresh_token"]})
    refused(call(app, f"Bearer {tablet['access_token']}"), "token_revoked")


def test_a_suspended_person_is_out_on_the_very_next_call(app: Flask, saver: Saver) -> None:
    assert saver.get("/api/profile/").status_code == 200
    with app.app_context():
        run(lambda: staff.suspend(saver.email, at=datetime.now(UTC)))
    refused(saver.get("/api/profile/"), "token_revoked")
    refused(refresh(saver, saver.refresh_token), "token_revoked")
    login = app.test_client().post("/api/login/", json={"email": saver.email, "password": factories.PASSWORD})
    refused(login, "invalid_credentials")
    with app.app_context():
        run(lambda: staff.restore(saver.email, at=datetime.now(UTC)))
    again = app.test_client().post("/api/login/", json={"email": saver.email, "password": factories.PASSWORD})
    assert again.status_code == 200
    refused(saver.get("/api/profile/"), "token_revoked")  # what was ended stays ended


def test_suspension_counts_even_where_the_sign_in_was_not_ended(app: Flask, saver: Saver, superuser: Any) -> None:
    with superuser.cursor() as cursor:
        cursor.execute("UPDATE users SET status = 'suspended' WHERE id = %s", (str(saver.id),))
    refused(saver.get("/api/profile/"), "token_revoked")
    refused(refresh(saver, saver.refresh_token), "token_revoked")


def test_a_sign_in_ends_fourteen_days_after_its_last_use(saver: Saver, superuser: Any) -> None:
    with superuser.cursor() as cursor:
        cursor.execute("UPDATE refresh_families SET expires_at = now() WHERE id = %s", (str(saver.family_id),))
    refused(saver.get("/api/profile/"), "token_revoked")
    refused(refresh(saver, saver.refresh_token), "token_revoked")
