"""What was typed into a form whose sign-in had ended comes back, to whoever typed it and to nobody else."""

import pytest

from app.services.identity import sign_in
from app.transactions import run
from tests import factories
from tests.blueprints.web.conftest import said

STILL_HERE = "What you typed is still here."
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def ended(asha):
    """The saver's browser, whose sign-in ends elsewhere between opening a form and sending it."""

    def send(path, **typed):
        carried = asha.hidden(path)
        with asha.client.session_transaction() as session:
            family = session["_user_id"]
        with asha.app.app_context():
            run(lambda: sign_in.sign_out([family]))
        return asha.client.post(path, data=carried | typed)

    return send


def test_a_jar_half_made_is_finished_after_signing_in_again(asha, saver, ended):
    answer = ended("/jars/new", name="Bicycle", target_amount="5,000", plan_type="weekly")
    assert answer.location == "/login?next=/jars/new"
    assert "This sign-in has ended." in said(asha.get(answer.location))
    assert asha.log_in(saver.email, path=answer.location).location == "/jars/new"
    page = asha.get("/jars/new")
    assert STILL_HERE in said(page)
    assert 'value="Bicycle"' in page.text
    assert 'value="5,000"' in page.text, "as it was typed"
    assert saver_has_no_jar(asha), "nothing is sent by itself"
    assert STILL_HERE not in said(asha.get("/jars/new")), "once"


def saver_has_no_jar(visitor):
    return "<article" not in visitor.get("/jars").text


def test_a_deposit_comes_back_with_a_number_of_its_own(asha, saver, ended):
    jar = saver.jar()
    answer = ended(f"/jars/{jar}/deposit", amount="123", note="Chai money")
    assert asha.log_in(saver.email, path=answer.location).location == f"/jars/{jar}/deposit"
    page = asha.get(f"/jars/{jar}/deposit")
    assert 'value="123"' in page.text
    assert 'value="Chai money"' in page.text
    sent = asha.client.post(f"/jars/{jar}/deposit", data=asha.carried_in(page) | {"amount": "123", "note": ""})
    assert sent.location == f"/jars/{jar}"


def test_another_person_on_the_same_phone_finds_nothing(asha, saver, ended, app):
    ended("/jars/new", name="A secret wish", target_amount="5000", plan_type="daily")
    other = factories.make_saver(app)
    asha.log_in(other.email)
    assert "A secret wish" not in asha.get("/jars/new").text
    asha.send("/logout", form="/profile")
    asha.log_in(saver.email)
    assert "A secret wish" not in asha.get("/jars/new").text, "it is gone, not waiting"


def test_no_password_is_ever_kept(asha, saver, ended):
    ended("/profile", name="Asha", password="kettle drum", new_password="x", otp="123456", code="7")
    with asha.client.session_transaction() as session:
        assert [name for name, _ in session["typed"]["fields"]] == ["name"]


def test_a_browser_that_forgot_the_sign_in_keeps_what_only_its_owner_can_open(asha, saver):
    jar = saver.jar()
    for path, headers, kept in (
        (f"/jars/{jar}/deposit", OWN, True),
        (f"/jars/{jar}/deposit", {}, False),
        (f"/jars/{jar}/deposit", {"Sec-Fetch-Site": "cross-site"}, False),
        ("/jars/new", OWN, False),
    ):
        asha.client.delete_cookie("chhota")
        answer = asha.client.post(path, data={"amount": "77", "name": "x"}, headers=headers)
        assert answer.status_code == 400
        assert f'href="{path}"' in answer.text
        led = asha.get(path)
        assert led.location == f"/login?next={path}"
        asha.log_in(saver.email, path=led.location)
        assert (STILL_HERE in asha.get(path).text) is kept, (path, headers)


def test_more_than_a_cookie_holds_is_not_kept(asha, ended):
    ended("/jars/new", name="x" * 5000, target_amount="1", plan_type="daily")
    with asha.client.session_transaction() as session:
        assert "typed" not in session
