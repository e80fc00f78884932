"""What staff do about one saver's account: each act works, has its reason in the log, and spares the staff's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app import clock as product_clock
from app.errors import DomainError, Invalid, NotFound
from app.services.identity import looking_after
from app.transactions import fetch, run
from tests.factories import PASSWORD, Saver, make_saver, make_staff
from tests.services.identity.conftest import House


def do(app: Flask, act: Callable[..., Any], user_id: UUID, by: Saver, *more: Any, **named: Any) -> Any:
    with app.app_context():
        return run(lambda: act(user_id, *more, by=by.id, at=product_clock.now(), **named))


def entries(app: Flask, user_id: UUID) -> list[tuple[Any, ...]]:
    with app.app_context():
        return run(
            lambda: fetch(
                "SELECT action, actor, actor_id, details FROM audit_log WHERE subject_id = %s AND actor = 'staff'"
                " ORDER BY id",
                (str(user_id),),
            )
        )


@pytest.fixture(scope="module")
def staff(app: Flask) -> Saver:
    return make_staff(app, "support")


def test_a_suspended_saver_is_out_until_restored(app: Flask, saver: Saver, staff: Saver) -> None:
    assert do(app, looking_after.suspend, saver.id, staff, reason="reported  stolen phone") == 1
    assert saver.get("/api/profile/").status_code == 401
    entering = {"email": saver.email, "password": PASSWORD}
    assert saver.client.post("/api/login/", json=entering).status_code == 401
    with pytest.raises(DomainError, match="already_suspended"):
        do(app, looking_after.suspend, saver.id, staff, reason="once more")
    do(app, looking_after.restore, saver.id, staff, reason="phone was found")
    assert saver.client.post("/api/login/", json=entering).status_code == 200
    with pytest.raises(DomainError, match="not_suspended"):
        do(app, looking_after.restore, saver.id, staff, reason="once more")
    assert entries(app, saver.id) == [
        ("suspended", "staff", staff.id, {"reason": "reported stolen phone", "sign_ins": 1}),
        ("restored", "staff", staff.id, {"reason": "phone was found"}),
    ]


def test_the_saver_hears_of_it(house: House) -> None:
    """Nothing else leaves for an account that is suspended."""
    saver, by = house.saver(), make_staff(house.app, "support")
    house.send_out()
    house.mail.raw.clear()
    do(house.app, looking_after.suspend, saver.id, by, reason="a stolen phone")
    house.send_out()
    (letter,) = house.letters(saver)
    assert letter["Subject"] == "Your account is suspended"
    said = " ".join(letter.get_body(("plain",)).get_content().split())
    assert "write to us: help@chhota.example" in said
    assert "stolen" not in said, "the reason is for the log: staff tell it who ask"
    do(house.app, looking_after.restore, saver.id, by, reason="it was found")
    house.send_out()
    assert [letter["Subject"] for letter in house.letters(saver)][1:] == ["Your account is open again"]


def test_nothing_is_done_without_a_reason(app: Flask, saver: Saver, staff: Saver) -> None:
    for act in (looking_after.suspend, looking_after.restore, looking_after.end_sign_ins):
        for reason in (" \n ", "x" * 201):
            with pytest.raises(Invalid):
                do(app, act, saver.id, staff, reason=reason)
    assert entries(app, saver.id) == []


def test_all_sign_ins_end_and_the_saver_may_sign_in_anew(app: Flask, saver: Saver, staff: Saver) -> None:
    second = saver.client.post("/api/login/", json={"email": saver.email, "password": PASSWORD}).json
    assert do(app, looking_after.end_sign_ins, saver.id, staff, reason="asked by telephone") == 2
    assert saver.get("/api/profile/").status_code == 401
    bearer = {"Authorization": f"Bearer {second['access_token']}"}
    assert saver.client.get("/api/profile/", headers=bearer).status_code == 401
    assert saver.client.post("/api/login/", json={"email": saver.email, "password": PASSWORD}).status_code == 200
    assert [row[0] for row in entries(app, saver.id)] == ["sign_ins_ended"]


def test_a_link_is_sent_once_more(app: Flask, saver: Saver, staff: Saver) -> None:
    def letters() -> int:
        with app.app_context():
            return int(run(lambda: fetch("SELECT count(*) FROM account_letters WHERE user_id = %s", (saver.id,)))[0][0])

    before = letters()
    do(app, looking_after.resend_verification, saver.id, staff, "email")
    assert letters() == before + 1
    with app.app_context():
        run(lambda: fetch("UPDATE users SET email_verified_at = now() WHERE id = %s RETURNING 1", (saver.id,)))
    with pytest.raises(DomainError, match="already_verified"):
        do(app, looking_after.resend_verification, saver.id, staff, "email")
    assert entries(app, saver.id) == [("verification_resent", "staff", staff.id, {"what": "email"})]


def test_accounts_of_staff_are_not_touched_and_savers_do_none_of_it(app: Flask, saver: Saver, staff: Saver) -> None:
    other = make_staff(app)
    for target in (other, staff):
        for act in (looking_after.suspend, looking_after.restore, looking_after.end_sign_ins):
            with pytest.raises(DomainError, match="staff_account"):
                do(app, act, target.id, staff, reason="no reason")
    nobody = make_saver(app)
    for act in (looking_after.suspend, looking_after.end_sign_ins):
        with pytest.raises(DomainError, match="not_staff"):
            do(app, act, saver.id, nobody, reason="no reason")
        with pytest.raises(NotFound):
            do(app, act, uuid4(), staff, reason="no reason")
    assert saver.get("/api/profile/").status_code == 200
