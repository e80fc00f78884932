import re
from datetime import UTC, datetime, timedelta
from secrets import token_bytes

import pytest

from app.extensions import limiter
from app.services.identity import sign_in
from app.transactions import run
from tests import factories

DETAILS = {"name": "Lakshmi Rao", "password": factories.PASSWORD}


def details(**more):
    return DETAILS | {"email": factories.email(), "phone": factories.phone()} | more


def test_sign_up_leads_to_a_first_jar_signed_in(visitor):
    answer = visitor.send("/signup", **details())
    assert (answer.status_code, answer.location) == (303, "/begin")
    page = visitor.get("/dashboard")
    assert page.status_code == 200
    assert "Namaste, Lakshmi Rao. Your account is ready." in page.text
    assert "Make a jar" in page.text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": " "}, "Enter your name."),
        ({"name": "a\x00b"}, "Characters that are not text are not taken."),
        ({"email": "asha@"}, "Write an e-mail address such as asha@example.com."),
        ({"phone": "12"}, "Write a mobile number of ten digits"),
        ({"password": "short"}, "Use 10 to 128 characters"),
        ({"password": "1234567890"}, "among the first that others would try"),
    ],
)
def test_what_was_typed_stays_beside_the_sentence(visitor, wrong, sentence):
    answer = visitor.send("/signup", **details(name="Lakshmi Rao") | wrong)
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2, "on top and at the field"
    assert 'aria-invalid="true"' in answer.text
    if "name" not in wrong:
        assert 'value="Lakshmi Rao"' in answer.text
    assert factories.PASSWORD not in answer.text


def test_an_address_that_is_taken(visitor, saver):
    answer = visitor.send("/signup", **details(email=saver.email.upper()))
    assert answer.status_code == 409
    assert "An account with this e-mail address exists already." in answer.text


@pytest.mark.parametrize("name", ["email", "phone"])
def test_sign_in_with_address_or_number(visitor, saver, name):
    answer = visitor.log_in(getattr(saver, name))
    assert (answer.status_code, answer.location) == (303, "/dashboard")
    assert visitor.get("/dashboard").status_code == 200


@pytest.mark.parametrize("login", ["nobody@example.com", "' OR 1=1 --", "9999999999", "x\u202e@y"])
def test_every_wrong_sign_in_reads_alike(visitor, saver, login):
    unknown = visitor.log_in(login, "not the password")
    wrong = visitor.log_in(saver.email, "not the password")
    assert wrong.status_code == 401
    assert unknown.status_code in {401, 422}
    assert "The address or number and the password do not belong together." in wrong.text
    assert f'value="{saver.email}"' in wrong.text
    if unknown.status_code == 401:
        assert "do not belong together" in unknown.text


def test_the_session_is_a_new_one_after_sign_in(visitor, saver):
    token = visitor.hidden("/login")["csrf_token"]
    before = visitor.client.get_cookie("chhota").value
    visitor.log_in(saver.email)
    cookie = visitor.client.get_cookie("chhota")
    assert cookie.value != before
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    # The form token of before is worth nothing now.
    assert visitor.send("/logout", carried={"csrf_token": token}).status_code == 400


def test_a_planted_cookie_is_not_signed_in_by_the_victims_sign_in(new_visitor, saver):
    attacker, victim = new_visitor(), new_visitor()
    attacker.get("/login")
    planted = attacker.client.get_cookie("chhota").value
    victim.client.set_cookie("chhota", planted)
    victim.log_in(saver.email)
    assert victim.get("/dashboard").status_code == 200
    assert attacker.get("/dashboard").status_code == 303


def test_next_leads_back_to_where_one_was_heading(visitor, saver):
    answer = visitor.get("/profile")
    assert (answer.status_code, answer.location) == (303, "/login?next=/profile")
    assert "Sign in to go on" in visitor.get(answer.location).text
    assert visitor.log_in(saver.email, path=answer.location).location == "/profile"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "javascript:alert(1)", "/ok\r\nSet-Cookie: a=b", "evil.example", ""],
)  # fmt: skip
def test_next_never_leads_away(visitor, saver, target):
    carried = visitor.hidden("/login")
    answer = visitor.client.post(
        "/login", query_string={"next": target}, data=carried | {"login": saver.email, "password": factories.PASSWORD}
    )
    assert (answer.status_code, answer.location) == (303, "/dashboard")


def test_the_signed_in_go_home(asha):
    for path in ("/", "/login", "/signup"):
        assert asha.get(path).location == "/dashboard"


def test_sign_out_ends_the_sign_in_for_a_copied_cookie_too(asha, new_visitor):
    copy = new_visitor()
    copy.client.set_cookie("chhota", asha.client.get_cookie("chhota").value)
    assert copy.get("/dashboard").status_code == 200
    answer = asha.send("/logout", form="/profile")
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "You are signed out on this device." in asha.get("/login").text
    for browser in (asha, copy):
        assert browser.get("/dashboard").location == "/login?next=/dashboard"


def test_signing_out_is_no_link(asha):
    assert asha.get("/logout").status_code == 405
    assert asha.get("/dashboard").status_code == 200


def test_a_suspended_saver_is_out_at_the_next_click(asha, saver, superuser):
    with superuser.cursor() as cursor:
        cursor.execute("UPDATE users SET status = 'suspended' WHERE id = %s", (str(saver.id),))
    answer = asha.get("/jars")
    assert answer.location == "/login?next=/jars"
    assert "This sign-in has ended." in asha.get("/login").text
    assert asha.log_in(saver.email).status_code == 401


def test_a_sign_in_ended_elsewhere_is_out_at_the_next_click(asha, saver, superuser, context):
    with superuser.cursor() as cursor:
        cursor.execute("SELECT id FROM refresh_families WHERE user_id = %s AND kind = 'web'", (str(saver.id),))
        ((family,),) = cursor.fetchall()
    run(lambda: sign_in.sign_out([family]))
    assert asha.send("/profile", carried={}, name="X").status_code == 400, "without a form token nothing is looked at"
    assert asha.get("/profile").status_code == 303


def test_a_session_lives_on_from_its_last_use(asha, saver, superuser):
    with superuser.cursor() as cursor:
        cursor.execute(
            "UPDATE refresh_families SET expires_at = now() + interval '1 hour' WHERE user_id = %s AND kind = 'web'",
            (str(saver.id),),
        )
    with asha.client.session_transaction() as session:
        session["kept_on"] = "2020-01-01"
    assert asha.get("/dashboard").status_code == 200
    with superuser.cursor() as cursor:
        cursor.execute(
            "SELECT expires_at > now() + interval '13 days' FROM refresh_families WHERE user_id = %s AND kind = 'web'",
            (str(saver.id),),
        )
        assert cursor.fetchall() == [(True,)]


def test_a_tampered_cookie_is_nobodys(visitor):
    visitor.client.set_cookie("chhota", "eyJfdXNlcl9pZCI6IjEifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb")
    assert visitor.get("/dashboard").status_code == 303


def test_the_profile_is_changed(asha, saver):
    answer = asha.send(
        "/profile", name="Asha  Kumari", display_name="Asha K", time_zone="Asia/Dubai", language="hi",
    )  # fmt: skip
    assert (answer.status_code, answer.location) == (303, "/profile")
    page = asha.get("/profile").text
    assert '<html lang="hi">' in page
    assert "<h1>Asha Kumari</h1>" in page
    assert 'value="Asha K"' in page
    assert '<option value="Asia/Dubai" selected>' in page
    assert '<option value="hi" selected>' in page
    assert "गुरुवार 16 जुलाई" in page, "the day from which the new zone counts"


@pytest.mark.parametrize(
    ("wrong", "status", "sentence"),
    [
        ({"name": ""}, 422, "Enter your name."),
        ({"display_name": "call 98765 43210"}, 422, "leave out addresses, phone numbers and links"),
        ({"time_zone": "Mars/Olympus"}, 422, "Not a valid choice."),
    ],
)
def test_a_profile_that_cannot_be(asha, wrong, status, sentence):
    values = {"name": "Asha Kumari", "display_name": "", "language": "en", "time_zone": "Asia/Kolkata"} | wrong
    answer = asha.send("/profile", **values)
    assert answer.status_code == status
    assert sentence in answer.text
    assert "name" in wrong or 'value="Asha Kumari"' in answer.text
    assert "<h1>Asha Devi</h1>" in asha.get("/profile").text, "nothing was kept"


def test_a_zone_chosen_through_the_api_stays_to_be_chosen(asha, saver):
    saver.call("PATCH", "/api/profile/", {"time_zone": "Pacific/Apia"})
    assert '<option value="Pacific/Apia" selected>Apia</option>' in asha.get("/profile").text


@pytest.mark.parametrize(("path", "setting"), [("/login", "RATELIMIT_LOGIN"), ("/signup", "RATELIMIT_SIGNUP")])
def test_floods_are_slowed(new_app, path, setting, monkeypatch):
    # One limiter serves every application of this process: leave it as it was.
    monkeypatch.setattr(limiter, "enabled", limiter.enabled)
    client = new_app(RATELIMIT_ENABLED="1", **{setting: "2 per hour"}).test_client()
    # An address of its own: kept servers remember the last run's for an hour.
    client.environ_base["REMOTE_ADDR"] = f"10.{'.'.join(str(byte) for byte in token_bytes(3))}"
    for _ in range(5):
        assert client.get(path).status_code == 200, "looking is free"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)[1]
    answers = [client.post(path, data={"csrf_token": token}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    page = answers[-1].text
    assert "A little too quick" in page


def test_the_page_knows_when_its_session_ends_and_a_script_may_let_it_live_on(asha, superuser, saver):
    page = asha.get("/dashboard").text
    ends = datetime.fromisoformat(re.search(r'data-session-ends="([^"]+)"', page)[1])
    assert abs(ends - datetime.now(UTC) - timedelta(days=14)) < timedelta(minutes=1)
    assert "hidden>" in page.partition("data-session-ends")[2].partition("<svg")[0], "said by a script, in time"
    with superuser.cursor() as cursor:
        soon = datetime.now(UTC) + timedelta(minutes=5)
        cursor.execute(
            "UPDATE refresh_families SET expires_at = %s WHERE user_id = %s AND kind = 'web'", (soon, saver.id)
        )
        assert asha.send("/stay", form="/dashboard").status_code == 204
        cursor.execute("SELECT expires_at FROM refresh_families WHERE user_id = %s AND kind = 'web'", (saver.id,))
        assert cursor.fetchone()[0] > soon
    assert "data-session-ends" not in asha.get("/login").text
