from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from werkzeug.test import TestResponse

from app.services.identity import passwords, staff, two_factor
from app.transactions import fetch, queue, run
from tests import factories
from tests.factories import PASSWORD, Saver
from tests.services.identity.conftest import House

NEW = "lamp kite harbour"


def code_of(secret: str, step: int) -> str:
    """The app's code ``step`` half minutes from now."""
    return pyotp.TOTP(secret).generate_otp(two_factor.current_step() + step)


def log_in(house: House, email: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    return house.app.test_client().post("/api/login/", json={"email": email, "password": password}, **more)


def forgot(house: House, email: str, **more: Any) -> TestResponse:
    return house.app.test_client().post("/api/password/forgot/", json={"email": email}, **more)


def link(house: House, saver: Saver) -> str:
    """Have a letter sent; the token of its link."""
    assert forgot(house, saver.email).status_code == 202
    house.send_out()
    return house.token(house.letters(saver, "new password")[-1])


def reset(house: House, token: str, password: str = NEW) -> TestResponse:
    return house.app.test_client().post("/api/password/reset/", json={"token": token, "password": password})


def refused(answer: TestResponse, code: str = "link_invalid", field: str = "token") -> None:
    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (422, code, [field])


def signed_in(saver: Saver, token: str) -> bool:
    answer = saver.app.test_client().get("/api/profile/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


# ---- change ----


def test_a_change_ends_every_sign_in_and_gives_a_new_one(house: House) -> None:
    saver = house.saver()
    tablet = log_in(house, saver.email).json["access_token"]
    answer = saver.post("/api/password/change/", {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 200
    assert set(answer.json) == {"user", "access_token", "refresh_token", "token_type", "expires_in"}
    assert not signed_in(saver, saver.access_token)
    assert not signed_in(saver, tablet)
    assert signed_in(saver, answer.json["access_token"])
    assert log_in(house, saver.email).status_code == 401
    assert log_in(house, saver.email, NEW).status_code == 200
    assert house.told(saver) == ["password_changed"]
    assert house.audited(saver) == [("password_changed", {"sign_ins_ended": 2})]


@pytest.mark.parametrize(
    ("current", "new", "code", "field"),
    [
        ("not the password", NEW, "validation_error", "current_password"),
        ("", NEW, "validation_error", "current_password"),
        (PASSWORD, "short", "weak_password", "new_password"),
        (PASSWORD, "1234567890", "weak_password", "new_password"),
        (PASSWORD, "a" * 129, "weak_password", "new_password"),
        (PASSWORD, "Asha Devi", "weak_password", "new_password"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(house: House, current: str, new: str, code: str, field: str) -> None:
    saver = house.saver()
    refused(saver.post("/api/password/change/", {"current_password": current, "new_password": new}), code, field)
    assert signed_in(saver, saver.access_token)
    assert log_in(house, saver.email).status_code == 200
    assert house.told(saver) == []


def test_of_many_changes_at_once_one_counts(house: House) -> None:
    saver = house.saver()
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda number: (
                    saver.app.test_client()
                    .post(
                        "/api/password/change/",
                        json={"current_password": PASSWORD, "new_password": f"{NEW} {number}"},
                        headers=saver.headers,
                    )
                    .status_code
                ),
                range(4),
            )
        )
    assert answers.count(200) == 1, answers
    assert set(answers) <= {200, 401, 422}
    assert log_in(house, saver.email, f"{NEW} {answers.index(200)}").status_code == 200
    assert house.told(saver) == ["password_changed"]


@pytest.mark.parametrize("two_steps", [False, True], ids=["a password", "a password and a code"])
def test_who_is_on_the_way_in_with_the_old_password_stays_out(
    house: House, two_steps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who signs in again and again would else be under way whenever it changes, and be in afterwards."""
    saver, more = house.saver(), {}
    if two_steps:
        secret = saver.post("/api/two-factor/").json["secret"]
        assert saver.post("/api/two-factor/confirm/", {"code": code_of(secret, -1)}).status_code == 200
        more = {"otp": code_of(secret, 0)}
    verified, changed = passwords.verify, []

    def verify_and_then_it_changes(hash_: str | None, typed: str) -> bool:
        right = verified(hash_, typed)
        if not changed:
            changed.append(0)
            body = {"current_password": PASSWORD, "new_password": NEW}
            with ThreadPoolExecutor(1) as pool:
                changed[0] = pool.submit(saver.post, "/api/password/change/", body).result().status_code
        return right

    monkeypatch.setattr(passwords, "verify", verify_and_then_it_changes)
    body = {"email": saver.email, "password": PASSWORD, **more}
    answer = house.app.test_client().post("/api/login/", json=body)
    assert changed == [200]
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")
    ((standing,),) = run(
        lambda: fetch("SELECT count(*) FROM refresh_families WHERE user_id = %s AND revoked_at IS NULL", (saver.id,))
    )
    assert standing == 1, "that of whoever changed it"


# ---- forgotten ----


def test_the_letter_leads_to_a_new_password_once(house: House) -> None:
    saver = house.saver()
    token = link(house, saver)
    refused(reset(house, token, "short"), "weak_password", "password")
    assert reset(house, token).status_code == 204, "a weak try has not used it up"
    assert not signed_in(saver, saver.access_token)
    assert log_in(house, saver.email).status_code == 401
    answer = log_in(house, saver.email, NEW)
    assert answer.status_code == 200
    assert answer.json["user"]["email_verified"] is True, "the letter reached its reader"
    refused(reset(house, token, "another drum monsoon"))
    assert house.told(saver) == ["password_reset"]
    assert house.audited(saver) == [("password_reset", {"sign_ins_ended": 1})]


def test_the_token_and_the_address_stand_nowhere_else(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    saver = house.saver()
    forgot(house, saver.email)
    assert saver.email not in house.outbox(), "what was typed waits encrypted"
    house.send_out()
    token = house.token(house.letters(saver)[0])
    assert token.rpartition(".")[2] not in house.outbox()
    page = house.app.test_client().get(f"/reset/{token}")
    assert (page.status_code, page.location) == (303, "/reset")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert reset(house, token).status_code == 204
    written = capfd.readouterr()
    assert token.rpartition(".")[2] not in written.out + written.err


def test_the_answer_does_not_say_who_has_an_account(house: House) -> None:
    saver, suspended = house.saver(), house.saver()
    run(lambda: staff.suspend(suspended.email, at=datetime.now(UTC)))
    house.send_out()  # word of that
    house.mail.raw.clear()
    answers = [
        forgot(house, email)
        for email in (saver.email, saver.email.upper(), suspended.email, factories.email(), "not an address", "%")
    ]
    assert {(answer.status_code, answer.data) for answer in answers} == {(202, b"{}\n")}
    assert len({tuple(sorted(set(answer.headers.keys()))) for answer in answers}) == 1
    ((rows, sizes),) = run(
        lambda: fetch(
            "SELECT count(*), count(*) FILTER (WHERE topic = 'identity.password_forgotten') FROM outbox"
            " WHERE topic LIKE 'identity.%%'"
        )
    )
    assert rows == sizes == 6, "each does the same work"
    house.send_out()
    assert len(house.mail.letters) == 1, "one letter, whatever spelling, and none to a suspended account"
    assert house.mail.letters[0]["To"] == saver.email


def test_a_link_of_a_suspended_account_is_void(house: House) -> None:
    saver = house.saver()
    token = link(house, saver)
    run(lambda: staff.suspend(saver.email, at=datetime.now(UTC)))
    refused(reset(house, token))
    run(lambda: queue("UPDATE users SET status = 'erased' WHERE id = %s", (saver.id,)))
    refused(reset(house, token))
    assert log_in(house, saver.email, NEW).status_code == 401
    assert log_in(house, saver.email).status_code == 401


def test_a_link_ends_after_half_an_hour_with_a_newer_one_or_with_a_change(house: House) -> None:
    saver = house.saver()
    first = link(house, saver)
    house.grow_older(saver, mins=2)
    second = link(house, saver)
    assert first != second
    refused(reset(house, first))
    house.grow_older(saver, mins=30)
    refused(reset(house, second))
    third = link(house, saver)
    saver.post("/api/password/change/", {"current_password": PASSWORD, "new_password": "another drum monsoon"})
    refused(reset(house, third))
    house.grow_older(saver, mins=2)
    fourth = link(house, saver)
    again = log_in(house, saver.email, "another drum monsoon").json["access_token"]
    moved = house.app.test_client().patch(
        "/api/profile/", json={"email": factories.email()}, headers={"Authorization": f"Bearer {again}"}
    )
    assert moved.status_code == 200
    refused(reset(house, fourth))


def test_letters_to_one_account_are_limited_whoever_asks(house: House) -> None:
    saver = house.saver()
    for _ in range(8):
        forgot(house, saver.email)
        house.send_out()
    assert len(house.letters(saver)) == 1
    for _ in range(8):
        house.grow_older(saver, mins=2)
        forgot(house, saver.email)
        house.send_out()
    assert len(house.letters(saver)) == 5


def test_strangers_use_up_no_letter_and_end_no_link_of_the_persons_own_device(house: House) -> None:
    saver = house.saver()
    own = {"X-Device-Token": log_in(house, saver.email).headers["X-Device-Token"]}

    def asked(**more: Any) -> int:
        before = len(house.letters(saver))
        assert forgot(house, saver.email, **more).status_code == 202
        house.send_out()
        return len(house.letters(saver)) - before

    assert asked(headers=own) == 1
    mine = house.token(house.letters(saver)[-1])
    assert asked() == 1, "the pause after one's own is no stranger's"
    theirs = house.token(house.letters(saver)[-1])
    for _ in range(6):
        house.grow_older(saver, mins=2)
        asked()
    assert len(house.letters(saver)) == 6
    assert asked(headers={"X-Device-Token": "made up"}) == 0
    assert reset(house, mine).status_code == 204
    refused(reset(house, theirs))
    own = {"X-Device-Token": log_in(house, saver.email, NEW).headers["X-Device-Token"]}
    assert asked(headers=own) == 1
    assert asked() == 0


def test_the_persons_own_device_has_its_bounds_too(house: House) -> None:
    saver = house.saver()
    own = {"X-Device-Token": log_in(house, saver.email).headers["X-Device-Token"]}
    for _ in range(7):
        forgot(house, saver.email, headers=own)
        house.send_out()
        house.grow_older(saver, mins=2)
    assert len(house.letters(saver)) == 5


def test_a_letter_for_somebody_elses_device_is_a_strangers(house: House) -> None:
    saver, other = house.saver(), house.saver()
    theirs = {"X-Device-Token": log_in(house, other.email).headers["X-Device-Token"]}
    for _ in range(2):
        forgot(house, saver.email, headers=theirs)
        forgot(house, saver.email)
        house.send_out()
    assert len(house.letters(saver)) == 1


def test_a_new_password_ends_a_second_factor_that_was_never_confirmed(house: House) -> None:
    """Whoever was in the account may have seen its key, and waits for its owner to confirm it."""
    saver = house.saver()
    seen = saver.post("/api/two-factor/").json["secret"]
    reset(house, link(house, saver))
    fresh = replace(saver, access_token=log_in(house, saver.email, NEW).json["access_token"])
    secret = fresh.post("/api/two-factor/").json["secret"]
    assert secret != seen
    assert fresh.post("/api/two-factor/confirm/", {"code": pyotp.TOTP(secret).now()}).status_code == 200
    changed = fresh.post("/api/password/change/", {"current_password": NEW, "new_password": "another drum monsoon"})
    assert changed.status_code == 200
    assert log_in(house, saver.email, "another drum monsoon").json["code"] == "otp_required", "a confirmed one stays"


def test_the_first_to_prove_the_address_gets_in_past_the_second_factor_of_whoever_named_it_before(house: House) -> None:
    """Else whoever signs up with somebody's address, and switches it on, keeps the owner out for good."""
    saver = house.saver()
    secret = saver.post("/api/two-factor/").json["secret"]
    saver.post("/api/two-factor/confirm/", {"code": pyotp.TOTP(secret).now()})
    assert reset(house, link(house, saver)).status_code == 204
    owner = log_in(house, saver.email, NEW)
    assert owner.status_code == 200
    fresh = replace(saver, access_token=owner.json["access_token"])
    assert fresh.get("/api/two-factor/").json == {"on": False, "recovery_codes_left": 0}


@pytest.mark.parametrize("proven", ["email_verified_at", "phone_verified_at"])
def test_where_address_or_number_was_proven_a_letter_alone_lets_nobody_in(house: House, proven: str) -> None:
    saver = house.saver()
    with house.app.app_context():
        run(lambda: queue(f"UPDATE users SET {proven} = now() WHERE id = %s", (saver.id,)))
    secret = saver.post("/api/two-factor/").json["secret"]
    saver.post("/api/two-factor/confirm/", {"code": pyotp.TOTP(secret).now()})
    assert reset(house, link(house, saver)).status_code == 204
    assert log_in(house, saver.email, NEW).json["code"] == "otp_required"


def test_of_many_that_use_one_link_at_once_one_does(house: House) -> None:
    saver = house.saver()
    token = link(house, saver)
    with ThreadPoolExecutor(4) as pool:
        tries = [f"{NEW} {number}" for number in range(6)]
        answers = list(pool.map(lambda password: reset(house, token, password).status_code, tries))
    assert sorted(answers) == [204, 422, 422, 422, 422, 422]
    assert log_in(house, saver.email, tries[answers.index(204)]).status_code == 200
