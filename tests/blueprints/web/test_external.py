"""Signing in by a provider that runs beside the test: there and back over HTTP, and every way it can go wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pyotp
import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from app.services.identity import contacts, external, keyed, password_change, staff, two_factor
from app.transactions import fetch, queue, run
from tests import factories
from tests.blueprints.web.conftest import Visitor, said
from tests.conftest import app_settings, application, create_database
from tests.factories import PASSWORD, Saver
from tests.openid import OpenIdProvider, openid_provider

BACK = "http://127.0.0.1:8000/login/with/door/back"
STEP = two_factor.current_step()
NOW = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def served() -> Iterator[OpenIdProvider]:
    with openid_provider() as provider:
        provider.redirects.add(BACK)
        yield provider


@pytest.fixture(scope="module")
def house(served: OpenIdProvider, stack: Any, template: str) -> Iterator[Flask]:
    """An application that this provider signs people in to."""
    name = f"chhota_doors_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with application(app_settings(stack, OPENID_PROVIDERS=served.setting), name) as app:
        yield app


@pytest.fixture
def door(served: OpenIdProvider, house: Flask) -> OpenIdProvider:
    served.manner = served.refuses = ""
    house.extensions["openid"].wake()
    return served


@pytest.fixture
def browser(house: Flask) -> Visitor:
    return Visitor(house)


def make(house: Flask, *, proven: bool = True, **values: Any) -> Saver:
    saver = factories.make_saver(house, **values)
    if proven:
        change(house, "UPDATE users SET email_verified_at = created_at WHERE id = %s", saver)
    return saver


def change(house: Flask, sql: str, saver: Saver) -> None:
    with house.app_context():
        run(lambda: queue(sql, (saver.id,)))


def ask(house: Flask, sql: str, *values: Any) -> list[Any]:
    with house.app_context():
        return run(lambda: fetch(sql, values))


def linked(house: Flask, saver: Saver) -> list[str]:
    rows = ask(house, "SELECT subject FROM external_identities WHERE user_id = %s ORDER BY id", saver.id)
    return [subject for (subject,) in rows]


def told(house: Flask, saver: Saver) -> list[str]:
    rows = ask(
        house, "SELECT coalesce(facts->>'what', kind) FROM notifications WHERE user_id = %s ORDER BY id", saver.id
    )
    return [what for (what,) in rows]


def audited(house: Flask, saver: Saver) -> list[str]:
    return [
        row[0] for row in ask(house, "SELECT action FROM audit_log WHERE subject_id = %s ORDER BY id", str(saver.id))
    ]


def at_the_provider(answer: TestResponse) -> str:
    """Follow the browser to the provider and back: the path with what it brings."""
    assert answer.status_code == 303, answer.text
    there = requests.get(answer.headers["Location"], allow_redirects=False, timeout=10)
    where = urlsplit(there.headers["Location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == BACK
    return f"{where.path}?{where.query}"


def go(browser: Visitor, *, start: str = "/login/with/door") -> TestResponse:
    return browser.get(at_the_provider(browser.get(start)))


def signed_in(browser: Visitor) -> bool:
    return browser.get("/dashboard").status_code == 200


# ---- without a provider ----


def test_where_none_is_configured_nothing_is_shown_and_nothing_answers(asha: Visitor, visitor: Visitor) -> None:
    for path in ("/login", "/signup"):
        assert "/login/with/" not in visitor.get(path).text
    for path in ("/login/with/door", "/login/with/door/back?state=x&code=y"):
        assert visitor.get(path).status_code == 404
    assert "/profile/ways" not in asha.get("/profile/security").text
    for path in ("/profile/ways", "/profile/ways/link", "/profile/ways/with/door"):
        assert asha.get(path).status_code == 404


def test_one_that_nobody_configured_is_not_there(browser: Visitor, door: OpenIdProvider) -> None:
    assert browser.get("/login/with/window").status_code == 404
    assert browser.get("/login/with/window/back?state=x").status_code == 404


# ---- signing in ----


def test_a_saver_whose_address_both_have_proven_is_linked_and_signed_in(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    saver = make(house)
    door.person(saver.email.upper(), subject=f"s-{saver.id}")
    browser.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 14) Chrome/130.0"
    assert "Continue with Gullak ID" in browser.get("/login").text
    answer = go(browser, start="/login/with/door?next=/jars")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/jars")
    assert signed_in(browser)
    assert linked(house, saver) == [f"s-{saver.id}"]
    assert told(house, saver)[:2] == ["external_linked", "new_device"]
    assert audited(house, saver) == ["external_linked"]
    # From then on it is the account at the provider that counts, whatever its address becomes.
    door.person("another@example.com", subject=f"s-{saver.id}", verified=False)
    again = Visitor(house)
    assert go(again).headers["Location"] == "/dashboard"
    assert signed_in(again)
    assert linked(house, saver) == [f"s-{saver.id}"]
    assert told(house, saver).count("external_linked") == 1


def test_the_browser_is_known_afterwards_and_its_session_is_new(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    saver = make(house)
    door.person(saver.email)
    before = browser.get("/login")
    answer = go(browser)
    cookies = " ".join(answer.headers.getlist("Set-Cookie"))
    assert re.search(r"device=[\w-]{20,}", cookies)
    assert before.headers.get("Set-Cookie") != answer.headers.get("Set-Cookie")
    with browser.client.session_transaction() as session:
        assert not [name for name in session if name.startswith("provider")]
    assert ask(house, "SELECT count(*) FROM known_devices WHERE user_id = %s", saver.id) == [(1,)]


def test_an_account_whose_address_nobody_has_proven_is_not_taken_over(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    """Somebody may have signed up with another's address, to wait there for its owner."""
    saver = make(house, proven=False)
    door.person(saver.email)
    answer = go(browser)
    assert answer.status_code == 403
    assert "nobody has confirmed yet" in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not signed_in(browser)
    assert linked(house, saver) == []
    assert told(house, saver) == []
    # The owner's way: a letter to the address ends the password, every sign-in and every link before.
    with house.app_context():
        run(
            lambda: external.linked(
                saver.id, external.Identity("https://x.example", f"w-{saver.id}", None, None), at=NOW
            )
        )
        run(lambda: password_change.send_link_to(saver.id))
        ((proof,),) = run(lambda: fetch("SELECT id FROM proofs WHERE user_id = %s", (saver.id,)))
        token = keyed.token("password", proof)
        run(lambda: password_change.reset(token, "lamp kite harbour", at=NOW))
    assert linked(house, saver) == []
    assert saver.get("/api/profile/").status_code == 401
    assert go(browser).headers["Location"] == "/dashboard"
    assert len(linked(house, saver)) == 1
    assert Visitor(house).log_in(saver.email, PASSWORD).status_code == 401


@pytest.mark.parametrize("verified", [False, None])
def test_an_address_that_the_provider_has_not_verified_links_nothing(
    browser: Visitor, door: OpenIdProvider, house: Flask, verified: object
) -> None:
    saver = make(house)
    for address in (saver.email, None, factories.email()):
        door.person(address, verified=verified)
        answer = go(browser)
        assert (answer.status_code, "has confirmed" in answer.text) == (403, True)
    assert linked(house, saver) == []
    assert not signed_in(browser)


@pytest.mark.parametrize("status", ["suspended", "erased"])
def test_whoever_is_kept_out_is_refused_alike(
    browser: Visitor, door: OpenIdProvider, house: Flask, status: str
) -> None:
    saver, other = make(house), make(house)
    door.person(saver.email, subject=f"s-{saver.id}")
    go(browser)
    change(house, f"UPDATE users SET status = '{status}' WHERE id = %s", saver)
    change(house, f"UPDATE users SET status = '{status}' WHERE id = %s", other)
    known, by_address = Visitor(house), Visitor(house)
    first = go(known)
    door.person(other.email)
    second = go(by_address)
    door.manner = "wrong_nonce"
    third = go(Visitor(house))
    page = [re.sub(r"(request|csrf)[^>]*>|[0-9a-f-]{36}|code=[^\"]*", "", one.text) for one in (first, second, third)]
    assert {one.status_code for one in (first, second, third)} == {403}
    assert page[0] == page[1] == page[2]
    assert linked(house, other) == []
    assert not signed_in(known)


# ---- the second factor ----


def with_two_factor(house: Flask, saver: Saver) -> pyotp.TOTP:
    with house.app_context():
        secret = two_factor.new_secret()
        run(lambda: (two_factor.keep(saver.id, secret), two_factor.switch_on(saver.id, now=NOW)))
    return pyotp.TOTP(secret)


def test_a_code_is_asked_for_and_only_then_anything_is_linked(
    browser: Visitor, door: OpenIdProvider, house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_factor, "current_step", lambda: STEP)
    saver = make(house)
    app_of_hers = with_two_factor(house, saver)
    door.person(saver.email)
    answer = go(browser, start="/login/with/door?next=/jars")
    assert answer.headers["Location"] == "/login/code?next=/jars"
    assert not signed_in(browser)
    go(browser)
    assert browser.send("/login/code", otp="000000").status_code == 401
    assert linked(house, saver) == []
    answer = browser.send("/login/code?next=/jars", otp=app_of_hers.generate_otp(STEP))
    assert answer.headers["Location"] == "/jars"
    assert len(linked(house, saver)) == 1
    assert signed_in(browser)


def test_a_link_does_not_wait_for_somebody_elses_code(
    browser: Visitor, door: OpenIdProvider, house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(two_factor, "current_step", lambda: STEP)
    saver, other = make(house), make(house)
    with_two_factor(house, saver)
    others_app = with_two_factor(house, other)
    door.person(saver.email)
    go(browser)
    assert browser.log_in(other.email).headers["Location"].startswith("/login/code")
    browser.send("/login/code", otp=others_app.generate_otp(STEP))
    assert signed_in(browser)
    assert linked(house, saver) == linked(house, other) == []


def test_staff_are_linked_by_hand_alone_and_never_come_in_without_a_code(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    member = factories.make_staff(house)
    door.person(member.email, subject=f"s-{member.id}")
    answer = go(browser)
    assert (answer.status_code, "Staff sign in with their password" in answer.text) == (403, True)
    assert linked(house, member) == []
    with house.app_context():
        identity = external.Identity(door.issuer, f"s-{member.id}", None, None)
        run(lambda: external.linked(member.id, identity, at=NOW))
    assert go(browser).headers["Location"] == "/login/code"
    assert not signed_in(browser)
    with house.app_context():
        run(lambda: queue("DELETE FROM two_factor WHERE user_id = %s", (member.id,)))
        run(lambda: staff.set_role(member.email, "support", at=NOW))
    assert go(browser).status_code == 403
    assert not signed_in(browser)


# ---- a new account ----


def test_whoever_has_no_account_makes_one_without_a_password(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    address = factories.email()
    door.person(address, subject=address, name="Sunita Rao")
    answer = go(browser)
    assert answer.headers["Location"] == "/signup"
    page = browser.get("/signup")
    assert 'value="Sunita Rao"' in page.text
    assert address in page.text
    assert 'name="password"' not in page.text
    assert 'name="email"' not in page.text
    refused = browser.send("/signup", name="Sunita Rao", phone="12")
    assert refused.status_code == 422
    # Nobody changes the address on the way.
    sent = browser.send(
        "/signup", name="Sunita", phone=factories.phone(), email="victim@example.com", password=PASSWORD
    )
    assert (sent.status_code, sent.headers["Location"]) == (303, "/begin")
    rows = ask(
        house,
        "SELECT password_hash, email_verified_at IS NOT NULL, name FROM users WHERE email_key = %s",
        contacts.email_key(address),
    )
    assert rows == [(None, True, "Sunita")]
    assert ask(house, "SELECT count(*) FROM proofs p JOIN users u ON u.id = p.user_id WHERE u.email = %s", address) == [
        (0,)
    ]
    assert signed_in(browser)
    assert Visitor(house).log_in(address, "").status_code == 422
    assert Visitor(house).log_in(address, PASSWORD).status_code == 401
    again = Visitor(house)
    assert go(again).headers["Location"] == "/dashboard"


def test_two_sign_ups_at_once_make_one_account(door: OpenIdProvider, house: Flask) -> None:
    address = factories.email()
    door.person(address, subject=address)
    one, other = Visitor(house), Visitor(house)
    go(one)
    go(other)
    assert one.send("/signup", name="One", phone=factories.phone()).status_code == 303
    assert other.send("/signup", name="Other", phone=factories.phone()).status_code == 409
    assert ask(house, "SELECT count(*) FROM external_identities WHERE subject = %s", address) == [(1,)]


def newcomer(door: OpenIdProvider, house: Flask, browser: Visitor) -> Any:
    """The id of somebody who has just signed up by the provider."""
    address = factories.email()
    door.person(address, subject=address)
    go(browser)
    assert browser.send("/signup", name="Sunita", phone=factories.phone()).status_code == 303
    ((user_id,),) = ask(house, "SELECT id FROM users WHERE email_key = %s", contacts.email_key(address))
    return user_id


def test_whoever_has_no_password_shows_at_the_provider_who_they_are_and_can_choose_one(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    user_id = newcomer(door, house, browser)
    with house.app_context():
        run(lambda: queue("UPDATE refresh_families SET created_at = created_at - interval '1 hour'"
                          " WHERE user_id = %s", (user_id,)))  # fmt: skip
    answer = browser.get("/profile/email")
    assert answer.headers["Location"] == "/profile/confirm?next=/profile/email"
    page = browser.get(answer.headers["Location"])
    assert 'href="/login/with/door?next=/profile/email"' in page.text
    assert 'name="password"' not in page.text
    mine = door.claims
    door.person("somebody@example.com", subject="somebody else")
    assert go(browser, start="/login/with/door?next=/profile/email").status_code == 403
    assert browser.get("/profile/email").status_code == 303
    door.claims = mine
    door.manner = "old_sign_in"
    assert go(browser, start="/login/with/door?next=/profile/email").status_code == 403, "waved through there"
    door.manner = ""
    assert go(browser, start="/login/with/door?next=/profile/email").headers["Location"] == "/profile/email"
    assert browser.get("/profile/email").status_code == 200
    assert ask(house, "SELECT count(*) FROM refresh_families WHERE user_id = %s AND revoked_at IS NULL", user_id) == [
        (1,)
    ]
    # A password, by a letter: the provider goes on opening the account.
    assert "Send me the letter" in browser.get("/profile/password").text
    assert browser.get("/profile/erase").headers["Location"] == "/profile/password"
    sent = browser.send("/profile/password/letter", form="/profile/password")
    assert sent.headers["Location"] == "/profile/security"
    with house.app_context():
        ((proof,),) = run(lambda: fetch("SELECT id FROM proofs WHERE user_id = %s", (user_id,)))
        run(lambda: password_change.reset(keyed.token("password", proof), PASSWORD, at=NOW))
    assert ask(house, "SELECT count(*) FROM external_identities WHERE user_id = %s", user_id) == [(1,)]


# ---- links ----


def link(browser: Visitor) -> TestResponse:
    answer = go(browser, start="/profile/ways/with/door")
    assert answer.headers["Location"] == "/profile/ways/link", answer.text
    return browser.send("/profile/ways/link")


def test_a_saver_links_and_takes_away(browser: Visitor, door: OpenIdProvider, house: Flask) -> None:
    saver = make(house, proven=False)
    browser.log_in(saver.email)
    door.person("elsewhere@example.com", subject=f"s-{saver.id}", verified=False)
    assert "Link Gullak ID" in browser.get("/profile/ways").text
    assert go(browser, start="/profile/ways/with/door").headers["Location"] == "/profile/ways/link"
    assert linked(house, saver) == [], "not before the person has said yes"
    assert browser.send("/profile/ways/link").headers["Location"] == "/profile/ways"
    page = browser.get("/profile/ways")
    assert said(page) == "Gullak ID opens your account from now on."
    assert linked(house, saver) == [f"s-{saver.id}"]
    other = Visitor(house)
    assert go(other).headers["Location"] == "/dashboard"
    (path,) = set(re.findall(r'action="(/profile/ways/[\w-]+/remove)"', page.text))
    assert browser.send(path, form="/profile/ways").headers["Location"] == "/profile/ways"
    assert linked(house, saver) == []
    assert browser.send(path, form="/profile/security").status_code == 404
    assert [one for one in told(house, saver) if one.startswith("external")] == ["external_linked", "external_unlinked"]
    assert audited(house, saver) == ["external_linked", "external_unlinked"]
    assert go(Visitor(house)).status_code == 403


def test_what_opens_one_account_opens_no_other(browser: Visitor, door: OpenIdProvider, house: Flask) -> None:
    saver, other = make(house), make(house)
    door.person("elsewhere@example.com", subject=f"s-{saver.id}")
    browser.log_in(saver.email)
    link(browser)
    second = Visitor(house)
    second.log_in(other.email)
    link(second)
    assert "opens another saver" in said(second.get("/profile/ways"))
    assert (linked(house, saver), linked(house, other)) == ([f"s-{saver.id}"], [])
    ((link_id,),) = ask(house, "SELECT id FROM external_identities WHERE user_id = %s", saver.id)
    assert second.send(f"/profile/ways/{link_id}/remove", form="/profile/security").status_code == 404
    assert linked(house, saver) == [f"s-{saver.id}"]


def test_the_last_way_in_stays(browser: Visitor, door: OpenIdProvider, house: Flask) -> None:
    user_id = newcomer(door, house, browser)
    assert "/remove" not in browser.get("/profile/ways").text
    ((link_id,),) = ask(house, "SELECT id FROM external_identities WHERE user_id = %s", user_id)
    browser.send(f"/profile/ways/{link_id}/remove", form="/profile/security")
    assert said(browser.get("/profile/ways")) == "This is your only way in. Choose a password first."
    assert ask(house, "SELECT count(*) FROM external_identities WHERE user_id = %s", user_id) == [(1,)]


def test_linking_wants_a_fresh_sign_in(browser: Visitor, door: OpenIdProvider, house: Flask) -> None:
    saver = make(house)
    browser.log_in(saver.email)
    change(house, "UPDATE refresh_families SET created_at = created_at - interval '1 hour' WHERE user_id = %s", saver)
    for path in ("/profile/ways/with/door", "/profile/ways/link"):
        assert browser.get(path).headers["Location"].startswith("/profile/confirm")


# ---- what goes wrong ----


def test_whoever_does_not_go_on_there_comes_back_to_the_sign_in(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    door.refuses = "access_denied"
    answer = go(browser, start="/login/with/door?next=/jars")
    assert answer.headers["Location"] == "/login?next=/jars"
    page = browser.get("/login")
    assert "You did not continue with Gullak ID. Nothing was changed." in page.text
    assert "<b>no</b>" not in page.text


def test_a_state_counts_once_and_in_the_browser_that_began(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    saver = make(house)
    door.person(saver.email)
    back = at_the_provider(browser.get("/login/with/door"))
    stranger = Visitor(house)
    assert stranger.get(back).status_code == 403
    assert not signed_in(stranger)
    assert browser.get(back.replace("state=", "state=x")).status_code == 403
    assert browser.get(back).status_code == 403, "the one under way was spent by the wrong state"
    back = at_the_provider(browser.get("/login/with/door"))
    assert browser.get(back).status_code == 303
    browser.send("/logout", form="/profile")
    assert browser.get(back).status_code == 403
    assert not signed_in(browser)


def test_who_is_on_the_way_in_while_links_are_taken_away_stays_out(
    browser: Visitor, door: OpenIdProvider, house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new password by letter ends what others had linked, also where they come in at that very moment."""
    saver = make(house)
    door.person(saver.email)
    assert go(browser).status_code == 303
    browser.send("/logout", form="/profile")
    with house.app_context():
        run(lambda: password_change.send_link_to(saver.id))
        ((proof,),) = run(
            lambda: fetch("SELECT id FROM proofs WHERE user_id = %s AND purpose = 'password'", (saver.id,))
        )
        body = {"token": keyed.token("password", proof), "password": "another drum monsoon"}
    statuses: list[int] = []
    letter = Thread(
        target=lambda: statuses.append(house.test_client().post("/api/password/reset/", json=body).status_code)
    )
    asked = two_factor.is_on

    def meanwhile(user_id: Any) -> bool:
        letter.start()
        letter.join(0.5)  # it is done by then, or it waits for this sign-in
        return asked(user_id)

    monkeypatch.setattr(external.two_factor, "is_on", meanwhile)
    go(browser)
    letter.join()
    assert statuses == [204]
    assert linked(house, saver) == []
    assert not signed_in(browser)


def test_a_code_of_an_earlier_sign_in_is_worth_nothing(browser: Visitor, door: OpenIdProvider, house: Flask) -> None:
    saver = make(house)
    door.person(saver.email)
    code = re.search(r"code=([\w-]+)", at_the_provider(browser.get("/login/with/door")))
    assert code is not None
    other = Visitor(house)
    back = at_the_provider(other.get("/login/with/door"))
    assert other.get(re.sub(r"code=[\w-]+", code[0], back)).status_code == 403, "made for another verifier"
    assert not signed_in(other)
    back = at_the_provider(other.get("/login/with/door"))
    assert other.get(re.sub(r"code=[\w-]+", "", back)).status_code == 403


@pytest.mark.parametrize("manner", ["wrong_nonce", "other_audience", "expired", "other_key", "none", "no_id_token"])
def test_a_bad_token_signs_nobody_in(browser: Visitor, door: OpenIdProvider, house: Flask, manner: str) -> None:
    saver = make(house)
    door.person(saver.email)
    back = at_the_provider(browser.get("/login/with/door"))
    door.manner = manner
    answer = browser.get(back)
    assert (answer.status_code, "That did not work" in answer.text) == (403, True)
    assert not signed_in(browser)
    assert linked(house, saver) == []


def test_a_provider_that_is_away_is_said_and_holds_nobody_up(
    browser: Visitor, door: OpenIdProvider, house: Flask
) -> None:
    saver = make(house)
    door.person(saver.email)
    back = at_the_provider(browser.get("/login/with/door"))
    door.manner = "error"
    answer = browser.get(back)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert "Gullak ID does not answer" in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    door.manner = ""
    assert browser.get("/login").status_code == 200
    house.extensions["openid"].wake()
    assert go(browser).status_code == 303


def test_many_tries_from_one_network_are_slowed(new_app: Callable[..., Flask], door: OpenIdProvider) -> None:
    app = new_app(OPENID_PROVIDERS=door.setting, RATELIMIT_ENABLED="1", RATELIMIT_LOGIN="3 per minute")
    browser = Visitor(app)
    # Redis goes on counting for a minute after a test.
    network = {"REMOTE_ADDR": f"10.{uuid4().int % 250}.{os.getpid() % 250}.{uuid4().int % 250}"}
    path = "/login/with/door/back?state=x&code=y"
    codes = [browser.get(path, environ_base=network).status_code for _ in range(5)]
    assert codes == [403, 403, 403, 429, 429]


def test_the_address_it_comes_back_to_is_ours_whatever_host_a_request_names(house: Flask, door: OpenIdProvider) -> None:
    answer = house.test_client().get("/login/with/door", headers={"Host": "elsewhere.example"})
    assert "elsewhere.example" not in answer.headers["Location"]
    assert "8000%2Flogin%2Fwith%2Fdoor%2Fback" in answer.headers["Location"]


def test_nobody_is_led_away_afterwards(browser: Visitor, door: OpenIdProvider, house: Flask) -> None:
    saver = make(house)
    door.person(saver.email)
    assert go(browser, start="/login/with/door?next=//elsewhere.example").headers["Location"] == "/dashboard"
