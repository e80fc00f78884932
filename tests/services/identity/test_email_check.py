from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from app.services.identity import account_letters, email_check, keyed, staff
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.ops.upkeep import purge_expired
from app.transactions import fetch, queue, run
from tests import factories
from tests.factories import Saver
from tests.services.identity.conftest import House


def asked(house: House) -> tuple[Saver, str]:
    """A saver, and the token of the letter that the sign-up sent."""
    body = {"name": "Asha Devi", "email": factories.email(), "phone": factories.phone(), "password": factories.PASSWORD}
    answer = house.app.test_client().post("/api/signup/", json=body)
    assert answer.status_code == 201
    saver = Saver(
        house.app, answer.json["user"]["id"], body["email"], body["phone"], uuid4(), answer.json["access_token"], "",
        house.app.test_client(),
    )  # fmt: skip
    house.send_out()
    (letter,) = house.letters(saver)
    assert letter["Subject"] == "Confirm your e-mail address"
    assert letter["List-Unsubscribe"] is None
    return saver, house.token(letter)


def verify(house: House, token: str) -> TestResponse:
    return house.app.test_client().post("/api/email/verify/", json={"token": token})


def refused(answer: TestResponse) -> None:
    assert (answer.status_code, answer.json["code"]) == (422, "link_invalid")
    assert list(answer.json["errors"]) == ["token"]


def test_the_letter_of_a_sign_up_proves_the_address_once(house: House) -> None:
    saver, token = asked(house)
    assert saver.get("/api/profile/").json["user"]["email_verified"] is False
    answer = verify(house, token)
    assert (answer.status_code, answer.json) == (200, {"email_verified": True})
    assert saver.get("/api/profile/").json["user"]["email_verified"] is True
    refused(verify(house, token))
    assert ("email_verified", {}) in house.audited(saver)
    again = saver.post("/api/email/send-link/")
    assert (again.status_code, again.json["code"]) == (409, "already_verified")


def test_the_token_stands_nowhere_but_in_the_letter(house: House, capfd: pytest.CaptureFixture[str]) -> None:
    saver, token = asked(house)
    signed = token.rpartition(".")[2]
    held = house.outbox()
    assert str(saver.id) in held
    assert signed not in held
    assert saver.email not in held
    assert verify(house, token).status_code == 200
    house.app.test_client().get(f"/email/{token}")
    written = capfd.readouterr()
    assert signed not in written.out + written.err
    assert token not in written.out + written.err


@pytest.mark.parametrize("forge", [
    lambda token: "", lambda token: "x", lambda token: token[:-1], lambda token: token + "x",
    lambda token: token.swapcase(), lambda token: ".".join(reversed(token.split("."))), lambda token: "ü" * 20,
    lambda token: keyed.token("password", uuid4()), lambda token: keyed.token("email", uuid4()),
])  # fmt: skip
def test_a_forged_link_is_refused_and_the_true_one_still_counts(house: House, forge) -> None:
    saver, token = asked(house)
    answer = verify(house, forge(token))
    assert answer.status_code == 422
    assert answer.json["code"] in {"link_invalid", "validation_error"}
    assert saver.get("/api/profile/").json["user"]["email_verified"] is False
    assert verify(house, token).status_code == 200


def test_a_link_for_a_password_proves_no_address_by_itself(house: House) -> None:
    _, token = asked(house)
    proof = keyed.read_token("email", token)
    assert proof is not None
    refused(verify(house, keyed.token("password", proof)))


def test_a_link_ends_after_two_days_or_with_a_newer_one(house: House) -> None:
    saver, first = asked(house)
    house.grow_older(saver, mins=2)
    assert saver.post("/api/email/send-link/").status_code == 202
    house.send_out()
    second = house.token(house.letters(saver)[1])
    refused(verify(house, first))
    house.grow_older(saver, days=2)
    refused(verify(house, second))
    assert saver.get("/api/profile/").json["user"]["email_verified"] is False


def test_letters_are_limited_for_each_account(house: House) -> None:
    saver, _ = asked(house)
    at_once = saver.post("/api/email/send-link/")
    assert (at_once.status_code, at_once.json["code"]) == (429, "rate_limited")
    assert 1 <= int(at_once.headers["Retry-After"]) <= 61
    for _ in range(4):
        house.grow_older(saver, mins=2)
        assert saver.post("/api/email/send-link/").status_code == 202
    house.grow_older(saver, mins=2)
    too_many = saver.post("/api/email/send-link/")
    assert too_many.status_code == 429
    assert int(too_many.headers["Retry-After"]) > 3600
    house.grow_older(saver, hours=24)
    assert saver.post("/api/email/send-link/").status_code == 202
    other, _ = asked(house)
    house.grow_older(other, mins=2)
    assert other.post("/api/email/send-link/").status_code == 202, "others are not held up"


def test_of_many_that_ask_at_once_one_letter_leaves(house: House) -> None:
    saver = house.saver()
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: saver.post("/api/email/send-link/").status_code, range(6)))
    assert statuses == [202, 429, 429, 429, 429, 429]
    house.send_out()
    perform(JOBS["identity.send_letters"])
    assert len(house.letters(saver)) == 1


def test_of_many_that_use_one_link_at_once_one_does(house: House) -> None:
    _, token = asked(house)
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: verify(house, token).status_code, range(6)))
    assert statuses == [200, 422, 422, 422, 422, 422]


def test_another_address_is_unproven_and_the_one_before_is_told(house: House) -> None:
    saver, token = asked(house)
    assert verify(house, token).status_code == 200
    before, after = saver.email, factories.email()
    answer = saver.call("PATCH", "/api/profile/", {"email": after})
    assert (answer.status_code, answer.json["user"]["email_verified"]) == (200, False)
    assert before not in house.outbox(), "where the letter goes is not written in clear"
    house.send_out()
    assert [letter["Subject"] for letter in house.mail.to(before)][1:] == ["Your e-mail address was changed"]
    assert all(after not in str(letter) for letter in house.mail.to(before))
    (proof,) = house.mail.to(after)
    assert verify(house, house.token(proof)).status_code == 200
    assert saver.get("/api/profile/").json["user"]["email_verified"] is True
    assert house.told(saver) == ["email_changed"]
    assert ("email_changed", {}) in house.audited(saver)
    assert run(lambda: fetch("SELECT count(*) FROM account_letters WHERE address IS NOT NULL")) == [(0,)]


def test_a_link_to_the_address_before_proves_nothing_of_the_new_one(house: House) -> None:
    saver, token = asked(house)
    saver.call("PATCH", "/api/profile/", {"email": factories.email()})
    refused(verify(house, token))
    # Not even one that was not ended with the change.
    run(lambda: queue("UPDATE proofs SET spent_at = NULL WHERE user_id = %s", (saver.id,)))
    refused(verify(house, token))
    assert saver.get("/api/profile/").json["user"]["email_verified"] is False


def test_who_signed_in_long_ago_shows_again_who_they_are_before_an_address_changes(house: House) -> None:
    saver, _ = asked(house)
    run(lambda: queue("UPDATE refresh_families SET created_at = created_at - interval '16 minutes'"))
    for values in ({"email": factories.email()}, {"phone": factories.phone()}):
        answer = saver.call("PATCH", "/api/profile/", values)
        assert (answer.status_code, answer.json["code"]) == (403, "fresh_sign_in_required")
    assert saver.call("PATCH", "/api/profile/", {"name": "Asha D.", "email": saver.email}).status_code == 200
    wrong = saver.post("/api/sign-ins/confirm/", {"password": "not the password"})
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["password"])
    assert saver.call("PATCH", "/api/profile/", {"email": factories.email()}).status_code == 403
    assert saver.post("/api/sign-ins/confirm/", {"password": factories.PASSWORD}).status_code == 204
    assert saver.call("PATCH", "/api/profile/", {"email": factories.email()}).status_code == 200


def test_a_suspended_account_gets_no_letters_but_word_of_that_and_its_links_are_void(house: House) -> None:
    saver, token = asked(house)
    house.grow_older(saver, mins=2)
    assert saver.post("/api/email/send-link/").status_code == 202
    run(lambda: staff.suspend(saver.email, at=factories.clock.now()))
    house.send_out()
    subjects = [letter["Subject"] for letter in house.letters(saver)]
    assert subjects == ["Confirm your e-mail address", "Your account is suspended"], "the one of before, and word of it"
    refused(verify(house, token))


def test_a_mail_server_that_is_away_gets_the_same_letter_later(house: House) -> None:
    saver = house.saver()
    run(lambda: email_check.send_link(saver.id))
    house.mail.answers.append("451 come back")
    house.send_out()
    assert house.letters(saver) == []
    ((status, attempts, error),) = run(lambda: fetch("SELECT status, attempts, last_error FROM account_letters"))
    assert (status, attempts, error) == ("waiting", 1, "smtp_451")
    run(lambda: queue("UPDATE account_letters SET due_at = created_at"))
    account_letters.wake()
    perform(JOBS["identity.send_letters"])
    (letter,) = house.letters(saver)
    ((id_,),) = run(lambda: fetch("SELECT id FROM account_letters"))
    assert letter["Message-ID"] == f"<{id_}@chhota.example>"
    assert verify(house, house.token(letter)).status_code == 200


def test_what_has_served_its_time_goes(house: House) -> None:
    saver, _ = asked(house)
    saver.post("/api/login/", {"email": saver.email, "password": factories.PASSWORD})

    def held() -> list[int]:
        tables = ("proofs", "account_letters", "known_devices")
        return [
            run(lambda t=table: fetch(f"SELECT count(*) FROM {t} WHERE user_id = %s", (saver.id,)))[0][0]
            for table in tables
        ]

    before = held()
    assert all(before)
    now = datetime.now(UTC)
    purge_expired(now=now + timedelta(days=3))
    assert held() == before, "as long as they count against how many may be asked for"
    purge_expired(now=now + timedelta(days=5))
    assert held() == [0, 0, before[2]]
    purge_expired(now=now + timedelta(days=401))
    assert held() == [0, 0, 0]
