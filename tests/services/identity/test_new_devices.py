from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.services.identity import new_devices
from app.transactions import fetch, queue, run
from tests import factories
from tests.factories import Saver

PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
)
LAPTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"


def told(app: Flask, user_id: Any) -> list[dict[str, Any]]:
    with app.app_context():
        rows = run(
            lambda: fetch(
                "SELECT n.facts, o.payload FROM notifications n LEFT JOIN outbox o"
                " ON o.payload->'notices' @> jsonb_build_array(jsonb_build_array(n.user_id, n.id))"
                " WHERE n.user_id = %s AND n.kind = 'new_device' ORDER BY n.id",
                (user_id,),
            )
        )
    assert all(payload for _, payload in rows), "each is on its way"
    return [facts for facts, _ in rows]


def log_in(app: Flask, saver: Saver, device: str | None, token: str | None = None) -> str:
    """Sign in with a user agent, and the token that the device has; the one that it has from now on."""
    headers = ({} if device is None else {"User-Agent": device}) | ({} if token is None else {"X-Device-Token": token})
    answer = app.test_client().post(
        "/api/login/", json={"email": saver.email, "password": factories.PASSWORD}, headers=headers
    )
    assert answer.status_code == 200
    return answer.headers["X-Device-Token"]


def test_a_sign_in_from_a_device_that_was_not_seen_before_is_told_once(app: Flask, saver: Saver) -> None:
    log_in(app, saver, None)  # as at the sign-up
    assert told(app, saver.id) == []
    token = log_in(app, saver, PHONE)
    token = log_in(app, saver, PHONE, token)
    token = log_in(app, saver, PHONE.replace("131.0", "132.1").replace("Android 10", "Android 15"), token)
    log_in(app, saver, LAPTOP.replace("Windows", "Android"), token)  # the same one, as a page for a desk
    (facts,) = told(app, saver.id)
    assert facts["device"] == "Chrome, Android"
    with app.app_context():
        ((family,),) = run(
            lambda: fetch(
                "SELECT id::text FROM refresh_families WHERE user_id = %s AND device = %s ORDER BY created_at LIMIT 1",
                (saver.id, PHONE),
            )
        )
    assert facts["family_id"] == family
    log_in(app, saver, LAPTOP)
    assert [facts["device"] for facts in told(app, saver.id)] == ["Chrome, Android", "Firefox, Windows"]


def test_a_stranger_with_the_same_browser_is_told_of(app: Flask, saver: Saver) -> None:
    """Every phone of a kind calls itself the same: only what the device keeps tells it from another."""
    own = log_in(app, saver, PHONE)
    before = len(told(app, saver.id))
    log_in(app, saver, PHONE, own)
    assert len(told(app, saver.id)) == before
    for token in (None, "made up", own):  # one's own of before is spent
        log_in(app, saver, PHONE, token)
    assert len(told(app, saver.id)) == before + 3


def test_an_account_that_knows_no_device_yet_goes_by_what_they_call_themselves(app: Flask, saver: Saver) -> None:
    for agent, count in ((PHONE, 1), (PHONE.replace("131.0", "140.0"), 1), (LAPTOP, 2)):
        log_in(app, saver, agent)
        with app.app_context():
            run(lambda: queue("DELETE FROM known_devices WHERE user_id = %s", (saver.id,)))
        assert len(told(app, saver.id)) == count


def test_somebody_elses_device_is_not_ones_own(app: Flask) -> None:
    asha, ravi = factories.make_saver(app), factories.make_saver(app)
    log_in(app, asha, PHONE)
    log_in(app, ravi, PHONE)
    assert len(told(app, ravi.id)) == 1


def test_pages_tell_as_well_and_a_sign_up_never(app: Flask, saver: Saver) -> None:
    from tests.blueprints.web.conftest import Visitor

    visitor = Visitor(app)
    visitor.client.environ_base["HTTP_USER_AGENT"] = LAPTOP
    assert visitor.log_in(saver.email).status_code == 303
    assert [facts["device"] for facts in told(app, saver.id)] == ["Firefox, Windows"]

    newcomer = Visitor(app)
    newcomer.client.environ_base["HTTP_USER_AGENT"] = PHONE
    address = factories.email()
    answer = newcomer.send("/signup", name="Ravi", email=address, phone=factories.phone(), password=factories.PASSWORD)
    assert answer.status_code == 303
    with app.app_context():
        ((user_id,),) = run(lambda: fetch("SELECT id FROM users WHERE email_key = %s", (address,)))
    assert told(app, user_id) == []


def test_a_sign_in_that_fails_tells_nobody(app: Flask, saver: Saver) -> None:
    body = {"email": saver.email, "password": "not the password"}
    assert app.test_client().post("/api/login/", json=body, headers={"User-Agent": LAPTOP}).status_code == 401
    assert told(app, saver.id) == []


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (PHONE, "Chrome, Android"),
        (LAPTOP, "Firefox, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Safari/604.1",
         "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Edg/120.0", "Edge, Windows"),
        ("okhttp/4.9.2", "Chhota, Android"),
        ("curl/8.0", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_devices_are_named_for_people(device: str | None, name: str | None) -> None:
    assert new_devices.name(device) == name
