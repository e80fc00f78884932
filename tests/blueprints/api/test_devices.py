from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.integrations.web_push import make_keys
from app.services.notifications import devices
from app.transactions import run
from tests import factories
from tests.factories import Saver

KEYS = {"p256dh": make_keys()[1], "auth": "c2l4dGVlbiBzZWNyZXRzIQ"}
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


def expo() -> dict[str, Any]:
    return {"kind": "expo", "token": f"ExponentPushToken[{uuid4().hex}]"}


def test_a_phone_is_named_and_taken_away_again(app: Flask, saver: Saver) -> None:
    body = expo()
    answer = saver.post("/api/devices/", body)
    assert answer.status_code == 201
    assert set(answer.json["device"]) == {"id", "kind", "created_at"}
    again = saver.post("/api/devices/", body)
    assert (again.status_code, again.json) == (201, answer.json)
    path = f"/api/devices/{answer.json['device']['id']}/"
    assert factories.make_saver(app).call("DELETE", path).status_code == 404
    assert saver.call("DELETE", path).status_code == 204
    assert saver.call("DELETE", path).status_code == 404


def test_a_browser_of_a_known_push_service(app: Flask, saver: Saver) -> None:
    endpoint = f"{ENDPOINT}{uuid4().hex}"
    answer = saver.post("/api/devices/", {"kind": "web", "endpoint": endpoint, "keys": KEYS})
    assert (answer.status_code, answer.json["device"]["kind"]) == (201, "web")
    with app.app_context():
        assert [str(one.id) for one in run(lambda: devices.registered(saver.family_id))] == [
            answer.json["device"]["id"]
        ]
        run(lambda: devices.remove_address(saver.id, endpoint))
        assert run(lambda: devices.registered(saver.family_id)) == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evil.example/fcm.googleapis.com",
        "https://fcm.googleapis.com@evil.example/x",
        "https://user:word@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:x/x",
        "https://xfcm.googleapis.com/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://localhost/x",
        "https://ＦＣＭ.googleapis.com/x",
        "file:///etc/passwd",
        "//fcm.googleapis.com/x",
        "fcm.googleapis.com",
    ],
)
def test_no_other_address_is_ever_called(saver: Saver, endpoint: str) -> None:
    answer = saver.post("/api/devices/", {"kind": "web", "endpoint": endpoint, "keys": KEYS})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["endpoint"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"kind": "fax", "token": "x"}, {"kind"}),
        ({"kind": "expo"}, {"token"}),
        ({"kind": "expo", "token": "abc"}, {"token"}),
        ({**expo(), "endpoint": ENDPOINT}, {"endpoint"}),
        ({"kind": "web", "endpoint": ENDPOINT}, {"keys"}),
        ({"kind": "web", "keys": KEYS}, {"endpoint"}),
        ({"kind": "web", "endpoint": ENDPOINT, "keys": {"p256dh": KEYS["p256dh"]}}, {"keys.auth"}),
        ({"kind": "web", "endpoint": ENDPOINT, "keys": {**KEYS, "p256dh": "A" * 87}}, {"keys"}),
        ({"kind": "web", "endpoint": ENDPOINT, "keys": {**KEYS, "auth": "short"}}, {"keys"}),
        ({"kind": "web", "endpoint": ENDPOINT, "keys": {**KEYS, "auth": "***"}}, {"keys"}),
        ({**expo(), "user_id": str(uuid4())}, {"user_id"}),
    ],
)
def test_what_is_no_device_is_refused(saver: Saver, body: dict[str, Any], fields: set[str]) -> None:
    answer = saver.post("/api/devices/", body)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert set(answer.json["errors"]) == fields


def test_a_device_goes_with_its_sign_in(app: Flask, saver: Saver) -> None:
    assert saver.post("/api/devices/", expo()).status_code == 201
    assert saver.post("/api/logout/").status_code == 204
    with app.app_context():
        assert run(lambda: devices.registered(saver.family_id)) == []
