"""The pages about getting into an account, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pyotp
import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter

from app.services.identity import contacts, email_check, keyed, password_change, phone_check, sealing, two_factor
from app.transactions import fetch, queue, run
from tests import factories
from tests.blueprints.web.conftest import Visitor, said
from tests.factories import PASSWORD, Saver

NOBODY = "00000000-0000-0000-0000-000000000001"

NEW = "lamp kite harbour"
STEP = two_factor.current_step()


@pytest.fixture(autouse=True)
def one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a test within one half minute."""
    monkeypatch.setattr(two_factor, "current_step", lambda: STEP)


def code_of(secret: str, step: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(STEP + step)


def grow_old(app: Flask, saver: Saver) -> None:
    """Let the saver's sign-ins be of half an hour ago."""
    with app.app_context():
        run(
            lambda: queue(
                "UPDATE refresh_families SET created_at = created_at - interval '30 minutes',"
                " authenticated_at = authenticated_at - interval '30 minutes' WHERE user_id = %s",
                (saver.id,),
            )
        )


def newest_link(app: Flask, saver: Saver, purpose: str) -> str:
    with app.app_context():
        ((proof,),) = run(
            lambda: fetch(
                "SELECT id FROM proofs WHERE user_id = %s AND purpose = %s ORDER BY created_at DESC LIMIT 1",
                (saver.id, purpose),
            )
        )
        return keyed.token(purpose, proof)


# ---- the overview ----


def test_the_profile_leads_to_security_and_that_to_everything(asha: Visitor, saver: Saver) -> None:
    assert 'href="/profile/security"' in asha.get("/profile").text
    page = asha.get("/profile/security").text
    for path in ("/profile/email", "/profile/phone", "/profile/password", "/profile/two-factor", "/profile/sign-ins"):
        assert f'href="{path}"' in page
    assert saver.email in page
    assert page.count("not confirmed") == 2


def test_there_is_one_next_step_at_a_time(app: Flask, asha: Visitor, saver: Saver, monkeypatch: Any) -> None:
    steps = ("Confirm your e-mail", "Confirm your number", "Make it safer still")

    def step() -> list[str]:
        page = asha.get("/profile/security").text
        return [one for one in steps if f">{one}</h2>" in page]

    assert step() == ["Confirm your e-mail"]
    with app.app_context():
        run(lambda: queue("UPDATE users SET email_verified_at = now() WHERE id = %s", (saver.id,)))
    assert step() == ["Make it safer still"], "no code can be sent from here"
    monkeypatch.setitem(app.config, "APP_ENV", "development")
    assert step() == ["Confirm your number"]
    with app.app_context():
        run(
            lambda: queue(
                "UPDATE users SET phone_verified_at = now(), two_factor_at = now() WHERE id = %s", (saver.id,)
            )
        )
    assert step() == []


# ---- e-mail ----


def test_the_link_of_the_letter_asks_before_it_confirms(app: Flask, saver: Saver, visitor: Visitor) -> None:
    with app.app_context():
        run(lambda: email_check.send_link(saver.id))
    token = newest_link(app, saver, "email")
    opened = visitor.get(f"/email/{token}")
    assert (opened.status_code, opened.location) == (303, "/email")
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    page = visitor.get("/email")
    assert page.status_code == 200
    assert token not in page.text, "the page has nothing to hand on"
    assert saver.get("/api/profile/").json["user"]["email_verified"] is False, "looking changes nothing"
    done = visitor.send("/email")
    assert (done.status_code, done.location) == (303, "/login")
    assert "Your e-mail address is confirmed." in visitor.get("/login").text
    assert saver.get("/api/profile/").json["user"]["email_verified"] is True
    over = visitor.get(f"/email/{token}", follow_redirects=True)
    assert over.status_code == 410
    assert "This link has ended" in over.text


@pytest.mark.parametrize(
    "path", ["/email/made-up", "/reset/made-up", f"/reset/{'a' * 3000}", "/email/%00", "/email", "/reset"]
)
def test_a_link_that_is_none_says_so_and_what_to_do(visitor: Visitor, path: str) -> None:
    page = visitor.get(path, follow_redirects=True)
    assert page.status_code == 410
    assert "Nothing was changed." in page.text
    assert "/forgot" in page.text or "/profile/security" in page.text


def test_another_address_is_asked_for_by_whoever_is_fresh(app: Flask, asha: Visitor, saver: Saver) -> None:
    assert asha.get("/profile/email").status_code == 200
    grow_old(app, saver)
    answer = asha.get("/profile/email")
    assert (answer.status_code, answer.location) == (303, "/profile/confirm?next=/profile/email")
    wrong = asha.send(answer.location, password="not the password")
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    assert asha.send(answer.location, password=PASSWORD).location == "/profile/email"
    address = factories.email()
    done = asha.send("/profile/email", email=address)
    assert done.location == "/profile/security"
    page = asha.get("/profile/security")
    assert f"Your address is {address} now." in said(page)
    assert saver.get("/api/profile/").json["user"]["email"] == address
    taken = factories.make_saver(app).email
    refused = asha.send("/profile/email", email=taken)
    assert refused.status_code == 409
    assert refused.text.count("An account with this e-mail address exists already.") == 2


def test_what_was_typed_while_the_sign_in_grew_old_comes_back(app: Flask, asha: Visitor, saver: Saver) -> None:
    carried, address = asha.hidden("/profile/email"), factories.email()
    grow_old(app, saver)
    answer = asha.send("/profile/email", carried=carried, email=address)
    assert answer.location == "/profile/confirm?next=/profile/email"
    assert asha.send(answer.location, password=PASSWORD).location == "/profile/email"
    assert f'value="{address}"' in asha.get("/profile/email").text


def test_another_letter_can_be_asked_for(asha: Visitor) -> None:
    assert asha.send("/profile/email/link", form="/profile/security").location == "/profile/security"
    assert "A letter with a new link is on its way" in said(asha.get("/profile/security"))
    asha.send("/profile/email/link", form="/profile/security")
    assert "We sent one a moment ago" in said(asha.get("/profile/security"))


# ---- the number ----


def test_a_new_number_is_saved_and_proven(app: Flask, asha: Visitor, saver: Saver, monkeypatch: Any) -> None:
    monkeypatch.setitem(app.config, "APP_ENV", "development")
    number = factories.phone()
    assert asha.send("/profile/phone", phone=number).location == "/profile/phone/check"
    page = asha.get("/profile/phone/check").text
    assert contacts.spaced(number) in page
    with app.app_context():
        code = run(lambda: phone_check.code_for_the_screen(saver.id))
    assert code is not None
    wrong = asha.send("/profile/phone/check", code=f"{(int(code) + 1) % 10**6:06d}")
    assert wrong.status_code == 422
    assert wrong.text.count("This code is not the newest one") == 2
    assert f'value="{(int(code) + 1) % 10**6:06d}"' not in wrong.text, "a code is typed anew"
    assert asha.send("/profile/phone/check", code=code).location == "/profile/security"
    assert "Your number is confirmed." in said(asha.get("/profile/security"))


def test_a_number_is_kept_where_no_code_can_be_sent(asha: Visitor, saver: Saver) -> None:
    number = factories.phone()
    assert asha.send("/profile/phone", phone=number).location == "/profile/security"
    assert "No code can be sent to this number from here." in said(asha.get("/profile/security"))
    assert saver.get("/api/profile/").json["user"]["phone"] == number


# ---- the password ----


def test_a_new_password_signs_everybody_else_out(
    asha: Visitor, saver: Saver, new_visitor: Callable[[], Visitor]
) -> None:
    other = new_visitor()
    other.log_in(saver.email)
    wrong = asha.send("/profile/password", current_password="not it", new_password=NEW)
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    weak = asha.send("/profile/password", current_password=PASSWORD, new_password="short")
    assert weak.status_code == 422
    assert "Use 10 to 128 characters" in weak.text
    assert PASSWORD not in weak.text
    done = asha.send("/profile/password", current_password=PASSWORD, new_password=NEW)
    assert done.location == "/profile/security"
    assert "Your new password counts." in said(asha.get("/profile/security"))
    assert other.get("/dashboard").status_code == 303
    assert saver.get("/api/profile/").status_code == 401
    assert other.log_in(saver.email, NEW).status_code == 303


def test_a_forgotten_password(app: Flask, saver: Saver, visitor: Visitor) -> None:
    assert 'href="/forgot"' in visitor.get("/login").text
    pages = [visitor.send("/forgot", email=email) for email in (saver.email, factories.email())]
    assert [page.status_code for page in pages] == [200, 200]
    assert all("If an account has this address" in page.text for page in pages)
    with app.app_context():
        run(lambda: password_change.send_link(sealing.seal(saver.email)))
    token = newest_link(app, saver, "password")
    assert visitor.get(f"/reset/{token}").location == "/reset"
    page = visitor.get("/reset")
    assert token not in page.text
    assert '<meta name="referrer" content="no-referrer">' in page.text
    assert visitor.send("/reset", password="short").status_code == 422
    done = visitor.send("/reset", password=NEW)
    assert (done.status_code, done.location) == (303, "/login")
    assert "Your new password counts. Sign in with it." in visitor.get("/login").text
    assert visitor.log_in(saver.email).status_code == 401
    assert visitor.log_in(saver.email, NEW).status_code == 303


# ---- the second factor ----


def set_up(visitor: Visitor) -> tuple[str, list[str]]:
    page = visitor.get("/profile/two-factor").text
    secret = "".join(re.findall(r"<span>([A-Z2-7]{4})</span>", page))
    assert len(secret) == 32
    shown = visitor.send("/profile/two-factor", code=code_of(secret, -1))
    assert shown.status_code == 200
    return secret, re.findall(r"<code>(\w{5}-\w{5})</code>", shown.text)


def test_it_is_set_up_with_a_picture_a_key_and_a_code(asha: Visitor, saver: Saver) -> None:
    page = asha.get("/profile/two-factor")
    assert 'class="qr-code"' in page.text
    assert "style=" not in page.text
    assert "<style" not in page.text
    uri = unescape(re.findall(r'href="(otpauth:[^"]+)"', page.text)[0])
    assert pyotp.parse_uri(uri).name == saver.email
    wrong = asha.send("/profile/two-factor", code="000000")
    assert wrong.status_code == 422
    assert wrong.text.count("This code is not right") == 2
    secret, codes = set_up(asha)
    assert len(codes) == 10
    assert pyotp.parse_uri(uri).secret == secret
    page = asha.get("/profile/two-factor").text
    assert codes[0] not in page
    assert secret not in page


def test_the_second_page_of_the_sign_in(asha: Visitor, saver: Saver, new_visitor: Callable[[], Visitor]) -> None:
    secret, codes = set_up(asha)
    browser = new_visitor()
    answer = browser.log_in(saver.email, path="/login?next=/profile")
    assert (answer.status_code, answer.location) == (303, "/login/code?next=/profile")
    assert browser.get("/dashboard").location.startswith("/login"), "half way is not in"
    browser.log_in(saver.email, path="/login?next=/profile")
    wrong = browser.send(answer.location, otp="000000")
    assert wrong.status_code == 401
    assert wrong.text.count("This code is not right") == 2
    assert browser.get("/dashboard").location.startswith("/login")
    browser.log_in(saver.email, path="/login?next=/profile")
    assert browser.send(answer.location, otp=code_of(secret)).location == "/profile"
    assert browser.get("/dashboard").status_code == 200
    other = new_visitor()
    other.log_in(saver.email)
    assert other.send("/login/code", otp=codes[0]).location == "/dashboard"


def test_half_way_ends(
    app: Flask, asha: Visitor, saver: Saver, new_visitor: Callable[[], Visitor], monkeypatch: Any
) -> None:
    _, codes = set_up(asha)
    assert new_visitor().get("/login/code").location == "/login", "nobody waits here"
    slow, late = new_visitor(), new_visitor()
    slow.log_in(saver.email)
    late.log_in(saver.email)
    carried = late.hidden("/login/code")
    with slow.client.session_transaction() as session:
        session["half_way"] = session["half_way"] | {"since": session["half_way"]["since"] - 601}
    assert slow.get("/login/code").location == "/login"
    asha.send("/profile/password", current_password=PASSWORD, new_password=NEW)
    answer = late.send("/login/code", carried=carried, otp=codes[0])
    assert answer.status_code == 401
    assert late.get("/dashboard").status_code == 303


def test_switching_it_off_and_making_new_codes(asha: Visitor) -> None:
    secret, codes = set_up(asha)
    for path in ("/profile/two-factor/off", "/profile/two-factor/codes"):
        assert asha.send(path, password="wrong", otp=codes[0]).status_code == 422
        assert asha.send(path, password=PASSWORD, otp="000000").status_code == 422
    new = asha.send("/profile/two-factor/codes", password=PASSWORD, otp=code_of(secret))
    assert new.status_code == 200
    fresh = re.findall(r"<code>(\w{5}-\w{5})</code>", new.text)
    assert len(fresh) == 10
    assert asha.send("/profile/two-factor/off", password=PASSWORD, otp=codes[0]).status_code == 422
    done = asha.send("/profile/two-factor/off", password=PASSWORD, otp=fresh[0])
    assert done.location == "/profile/security"
    assert asha.get("/profile/two-factor/off").location == "/profile/two-factor"


# ---- staff ----


def staff_without(app: Flask) -> Visitor:
    admin = factories.make_staff(app)
    with app.app_context():
        run(
            lambda: two_factor.switch_off(admin.id, pyotp.TOTP(admin.totp).generate_otp(STEP), at=factories.clock.now())
        )
    browser = Visitor(app)
    assert browser.log_in(admin.email).status_code == 303
    return browser


def test_staff_set_it_up_before_anything_else(app: Flask) -> None:
    browser = staff_without(app)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, "access", "public") == "public" or rule.rule.startswith("/api/") or "GET" not in rule.methods:
            continue
        if rule.rule in {"/profile/two-factor", "/profile/confirm"}:
            continue
        with app.test_request_context():
            numbers = {name for name, kind in rule._converters.items() if isinstance(kind, IntegerConverter)}
            named = {name: 1 if name in numbers else NOBODY for name in rule.arguments}
            path = app.url_map.bind("localhost").build(rule.endpoint, named)
        answer = browser.get(path)
        assert (answer.status_code, answer.location) == (303, "/profile/two-factor"), path
    assert "Staff sign in with two steps." in browser.get("/profile/two-factor").text
    set_up(browser)
    assert browser.get("/dashboard").status_code == 200


def test_staff_without_it_can_leave(app: Flask) -> None:
    browser = staff_without(app)
    assert browser.send("/logout", form="/profile/two-factor").location == "/login"


# ---- sign-ins ----


def test_sign_ins_are_listed_and_ended(asha: Visitor, saver: Saver, new_visitor: Callable[[], Visitor]) -> None:
    phone = new_visitor()
    phone.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 10) Chrome/131.0 Mobile Safari/537.36"
    phone.log_in(saver.email)
    page = asha.get("/profile/sign-ins").text
    assert page.count("this one") == 1
    assert "Chrome, Android" in page
    assert "The Chhota app" in page
    (ends,) = re.findall(r'Chrome, Android</span>.*?action="(/profile/sign-ins/[^"]+/end)"', page, re.DOTALL)
    assert asha.send(ends, form="/profile/sign-ins").location == "/profile/sign-ins"
    assert "That device is signed out." in said(asha.get("/profile/sign-ins"))
    assert phone.get("/dashboard").status_code == 303
    assert asha.send("/profile/sign-ins/end-others", form="/profile/sign-ins").status_code == 303
    assert "One other device is signed out." in said(asha.get("/profile/sign-ins"))
    assert saver.get("/api/profile/").status_code == 401
    assert asha.get("/dashboard").status_code == 200


def test_a_sign_in_of_somebody_else_cannot_be_ended(app: Flask, asha: Visitor) -> None:
    stranger = factories.make_saver(app)
    assert asha.send(f"/profile/sign-ins/{stranger.family_id}/end", form="/profile/sign-ins").status_code == 404
    assert stranger.get("/api/profile/").status_code == 200
