from __future__ import annotations

from uuid import uuid4

from werkzeug.test import TestResponse

from app.transactions import queue, run
from tests.factories import PASSWORD, Saver
from tests.services.identity.conftest import House

PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
)


def sign_in(house: House, saver: Saver, agent: str) -> str:
    answer = house.app.test_client().post(
        "/api/login/", json={"email": saver.email, "password": PASSWORD}, headers={"User-Agent": agent}
    )
    assert answer.status_code == 200
    token: str = answer.json["access_token"]
    return token


def profile(house: House, token: str) -> TestResponse:
    return house.app.test_client().get("/api/profile/", headers={"Authorization": f"Bearer {token}"})


def test_the_list_names_devices_and_marks_this_one(house: House) -> None:
    saver = house.saver()
    sign_in(house, saver, PHONE)
    answer = saver.get("/api/sign-ins/")
    assert answer.status_code == 200
    assert answer.json["next_cursor"] is None
    here, there = answer.json["items"]
    assert (here["id"], here["current"], here["kind"]) == (str(saver.family_id), True, "api")
    assert (there["current"], there["device"]) == (False, "Chrome, Android")
    assert set(here) == {"id", "kind", "device", "created_at", "last_used_at", "current"}


def test_the_list_is_read_by_pages_and_the_present_one_stands_once(house: House) -> None:
    saver = house.saver()
    for _ in range(4):
        sign_in(house, saver, PHONE)
    whole = [one["id"] for one in saver.get("/api/sign-ins/").json["items"]]
    assert len(whole) == 5
    # This one is used last of all or first of all: it stands first, on the first page alone.
    for order in ("'1 minute'", "'-1 day'"):
        run(
            lambda order=order: queue(
                f"UPDATE refresh_families SET last_used_at = last_used_at + interval {order} WHERE id = %s",
                (saver.family_id,),
            )
        )
        for limit in (1, 2, 3, 5):
            read, cursor = [], ""
            while cursor is not None:
                page = saver.get(
                    "/api/sign-ins/", query_string={"limit": limit} | ({"cursor": cursor} if cursor else {})
                )
                read += [one["id"] for one in page.json["items"]]
                cursor = page.json["next_cursor"]
            assert (read[0], sorted(read)) == (str(saver.family_id), sorted(whole)), (order, limit)
    stranger = house.saver()
    cursor = saver.get("/api/sign-ins/?limit=1").json["next_cursor"]
    assert stranger.get("/api/sign-ins/", query_string={"cursor": cursor}).json["code"] == "invalid_cursor"


def test_one_is_signed_out_there_and_then_it_is_not_listed(house: House) -> None:
    saver, stranger = house.saver(), house.saver()
    token = sign_in(house, saver, PHONE)
    there = saver.get("/api/sign-ins/").json["items"][1]["id"]
    assert stranger.call("DELETE", f"/api/sign-ins/{there}/").status_code == 404
    assert profile(house, token).status_code == 200
    assert saver.call("DELETE", f"/api/sign-ins/{there}/").status_code == 204
    assert profile(house, token).json["code"] == "token_revoked"
    assert saver.call("DELETE", f"/api/sign-ins/{there}/").status_code == 404
    assert saver.call("DELETE", f"/api/sign-ins/{uuid4()}/").status_code == 404
    assert [one["current"] for one in saver.get("/api/sign-ins/").json["items"]] == [True]
    assert house.audited(saver) == [("sign_ins_ended", {"count": 1})]
    assert house.audited(stranger) == []


def test_all_others_are_signed_out_at_once(house: House) -> None:
    saver, stranger = house.saver(), house.saver()
    tokens = [sign_in(house, saver, PHONE) for _ in range(3)]
    assert saver.call("DELETE", "/api/sign-ins/").status_code == 204
    assert {profile(house, token).status_code for token in tokens} == {401}
    assert saver.get("/api/profile/").status_code == 200
    assert stranger.get("/api/profile/").status_code == 200
    assert saver.call("DELETE", "/api/sign-ins/").status_code == 204, "there are no others any more"
    assert house.audited(saver) == [("sign_ins_ended", {"count": 3})]


def test_sign_ins_that_ended_by_themselves_are_not_listed(house: House) -> None:
    saver = house.saver()
    sign_in(house, saver, PHONE)
    run(
        lambda: queue(
            "UPDATE refresh_families SET expires_at = created_at WHERE user_id = %s AND id <> %s",
            (saver.id, saver.family_id),
        )
    )
    assert len(saver.get("/api/sign-ins/").json["items"]) == 1
