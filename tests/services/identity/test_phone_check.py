from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.services.identity import account_letters, phone_check
from app.transactions import fetch, queue, run
from tests import factories
from tests.blueprints.web.conftest import Visitor
from tests.factories import Saver
from tests.services.identity.conftest import House


def sent(house: House, saver: Saver) -> str:
    """Have a code sent; the code."""
    answer = saver.post("/api/phone/send-code/")
    assert (answer.status_code, answer.json) == (202, {"expires_in": 300, "tries": 5})
    house.web.calls.clear()
    house.send_out()
    (call,) = house.web.calls
    assert call.json["to"] == saver.phone
    assert call.json["template_id"] == "1107160000000000009"
    code = re.search(r"\b\d{6}\b", call.json["text"])
    assert code is not None
    return code[0]


def verify(saver: Saver, code: str) -> TestResponse:
    return saver.post("/api/phone/verify/", {"code": code})


def refused(answer: TestResponse) -> None:
    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, "code_invalid", ["code"])


def another(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 10**6:06d}"


def test_the_code_of_the_sms_proves_the_number(house: House) -> None:
    saver = house.saver()
    code = sent(house, saver)
    answer = verify(saver, f"{code[:3]} {code[3:]}")
    assert (answer.status_code, answer.json["user"]["phone_verified"]) == (200, True)
    refused(verify(saver, code))
    assert saver.post("/api/phone/send-code/").json["code"] == "already_verified"
    assert ("phone_verified", {}) in house.audited(saver)


def test_the_code_stands_nowhere_but_in_the_sms(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    saver = house.saver()
    code = sent(house, saver)
    held = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d [\d:.+]+|\\\\x[0-9a-f]+", " ", house.outbox())
    assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", held)
    assert verify(saver, code).status_code == 200
    written = capfd.readouterr()
    assert f'"{code}"' not in written.out + written.err


def test_five_tries_and_no_more_also_when_they_come_at_once(house: House) -> None:
    saver = house.saver()
    code = sent(house, saver)
    for by in range(1, 6):
        refused(verify(saver, another(code, by)))
    refused(verify(saver, code))
    assert saver.get("/api/profile/").json["user"]["phone_verified"] is False

    other = house.saver()
    code = sent(house, other)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda by: verify(other, another(code, by)), range(1, 30)))
    ((tries,),) = run(lambda: fetch("SELECT tries FROM proofs WHERE user_id = %s", (other.id,)))
    assert tries == 5
    refused(verify(other, code))


def test_a_code_ends_after_five_minutes_or_with_a_newer_one(house: House) -> None:
    saver = house.saver()
    first = sent(house, saver)
    house.grow_older(saver, secs=40)
    second = sent(house, saver)
    if first != second:
        refused(verify(saver, first))
    house.grow_older(saver, mins=5)
    refused(verify(saver, second))
    assert verify(saver, sent(house, saver)).status_code == 200


def test_a_code_is_for_the_number_it_was_sent_to_and_for_whoever_asked(house: House) -> None:
    saver, other = house.saver(), house.saver()
    code = sent(house, saver)
    refused(verify(other, code))
    assert saver.call("PATCH", "/api/profile/", {"phone": factories.phone()}).status_code == 200
    refused(verify(saver, code))
    run(lambda: queue("UPDATE proofs SET spent_at = NULL WHERE user_id = %s", (saver.id,)))
    refused(verify(saver, code))
    assert house.told(saver) == ["phone_changed"]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "१२३४५६", "000000 ", "-12345", "1e5", " " * 8])
def test_what_is_no_code_is_refused(house: House, code: str) -> None:
    saver = house.saver()
    right = sent(house, saver)
    if code.strip() != right:
        assert verify(saver, code).status_code == 422
    assert saver.get("/api/profile/").json["user"]["phone_verified"] is False


def test_sms_are_limited_for_each_account_and_for_each_number(house: House) -> None:
    """Whoever is paid for SMS to numbers of their own (pumping) finds each number soon used up."""
    saver = house.saver()
    sent(house, saver)
    at_once = saver.post("/api/phone/send-code/")
    assert at_once.status_code == 429
    assert 1 <= int(at_once.headers["Retry-After"]) <= 31
    for _ in range(5):
        house.grow_older(saver, secs=40)
        sent(house, saver)
    house.grow_older(saver, secs=40)
    assert saver.post("/api/phone/send-code/").status_code == 429

    number = factories.phone()
    statuses = []
    for _ in range(10):
        taker = house.saver(phone=number)
        statuses.append(taker.post("/api/phone/send-code/").status_code)
        run(lambda taker=taker: queue("UPDATE users SET phone = NULL WHERE id = %s", (taker.id,)))
    assert statuses == [202] * 8 + [429] * 2


def test_codes_go_to_numbers_of_the_countries_that_are_named(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    saver = house.saver(phone="+971501234567")
    answer = saver.post("/api/phone/send-code/")
    assert (answer.status_code, answer.json["code"]) == (503, "sms_not_set_up")
    monkeypatch.setitem(house.app.config, "SMS_COUNTRIES", ("91", "971"))
    assert verify(saver, sent(house, saver)).status_code == 200


def test_without_a_gateway_production_says_so_and_shows_nothing(new_app: Callable[..., Flask]) -> None:
    app = new_app()
    saver = factories.make_saver(app)
    for environment in ("testing", "production"):
        app.config["APP_ENV"] = environment
        answer = saver.post("/api/phone/send-code/")
        assert (answer.status_code, answer.json["code"]) == (503, "sms_not_set_up")
        with app.app_context():
            assert not phone_check.on_the_screen()
            assert run(lambda: phone_check.code_for_the_screen(saver.id)) is None
    asha = Visitor(app)
    asha.log_in(saver.email)
    assert "is for development" not in asha.get("/profile/phone/check").text


def test_on_a_developers_machine_the_page_shows_the_code(new_app: Callable[..., Flask]) -> None:
    app = new_app()
    app.config["APP_ENV"] = "development"
    saver = factories.make_saver(app)
    asha = Visitor(app)
    asha.log_in(saver.email)
    answer = asha.send("/profile/phone/code", form="/profile/security")
    assert answer.location == "/profile/phone/check"
    shown = re.search(r"the code is (\d{6})", asha.get(answer.location).text)
    assert shown is not None
    assert asha.send("/profile/phone/check", code=shown[1]).location == "/profile/security"
    assert saver.get("/api/profile/").json["user"]["phone_verified"] is True
    # The same code is not shown where the same installation is called production.
    run_again = factories.make_saver(app)
    with app.app_context():
        run(lambda: phone_check.send_code(run_again.id))
        assert run(lambda: phone_check.code_for_the_screen(run_again.id))
        app.config["APP_ENV"] = "production"
        assert run(lambda: phone_check.code_for_the_screen(run_again.id)) is None


def test_a_gateway_that_is_away_is_asked_again_for_as_long_as_the_code_counts(house: House) -> None:
    saver = house.saver()
    house.web.answer = lambda call: (503, b"")
    try:
        saver.post("/api/phone/send-code/")
        house.send_out()
    finally:
        house.web.answer = lambda call: (201, b"")
    first: Any = house.web.calls[0]
    run(lambda: queue("UPDATE account_letters SET due_at = created_at"))
    account_letters.wake()
    house.send_out()
    assert [call.json["reference"] for call in house.web.calls] == [first.json["reference"]] * 2
