import threading

import pytest

from app.errors import Unavailable
from app.services.savings import deposits
from tests import factories
from tests.blueprints.web.conftest import Visitor, said
from tests.blueprints.web.test_savings import make_jar, text


def balance(saver, path):
    return saver.get(f"/api/jars/{path.rpartition('/')[2]}/").json["jar"]["current_amount"]


def moved(saver, path):
    return len(saver.get(f"/api/jars/{path.rpartition('/')[2]}/transactions/").json["items"])


def test_a_deposit_says_what_it_did(asha, saver):
    path = make_jar(asha)
    answer = asha.send(f"{path}/deposit", amount="₹ 1,250.50", note="Chai money")
    assert (answer.status_code, answer.location) == (303, path)
    page = asha.get(path)
    assert "₹1,250.50 is in. This jar now holds ₹1,250.50. 1 day kept alight." in said(page)
    assert "A new badge, First coin: you put something aside for the first time." in said(page)
    assert "pot-rising" in page.text
    assert "lamp-kindling" in page.text
    assert "Chai money" in page.text
    assert "is in." not in said(asha.get(path)), "said once"
    assert "pot-rising" not in asha.get(path).text


@pytest.mark.parametrize("typed", ["५०", "Rs. 50/-", "50.00", " 50 ", "INR 50"])
def test_amounts_as_people_type_them(asha, saver, typed):
    path = make_jar(asha)
    assert asha.send(f"{path}/deposit", amount=typed, note="").status_code == 303
    assert balance(saver, path) == "50.00"


def test_a_streak_counts_on(asha, saver, clock):
    path = make_jar(asha)
    for _ in range(2):
        asha.send(f"{path}/deposit", amount="50", note="")
        asha.get(path)
        clock.advance(days=1)
    asha.send(f"{path}/deposit", amount="50", note="")
    assert "3 days in a row." in said(asha.get(path))


def test_a_withdrawal_says_what_it_did(asha, saver):
    path = make_jar(asha)
    saver.deposit(path.rpartition("/")[2], "80")
    assert asha.send(f"{path}/withdraw", amount="30", note="").location == path
    assert "₹30 taken out. This jar now holds ₹50." in said(asha.get(path))
    asha.send(f"{path}/withdraw", amount="50", note="")
    assert "This jar is empty now." in said(asha.get(path))
    assert balance(saver, path) == "0.00"


@pytest.mark.parametrize("kind", ["deposit", "withdraw"])
@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        ("", "Enter an amount, like 50."),
        ("0", "The amount must be more than zero."),
        ("-5", "The amount must be more than zero."),
        ("fifty", "Type an amount such as 250 or 1,00,000.50."),
        ("1,5", "Type an amount such as 250 or 1,00,000.50."),
        ("1.005", "An amount has at most two decimals."),
        ("10,00,001", "The amount must be at most 1000000.00."),
        ("5\x000", "Type an amount"),
    ],
)
def test_what_is_no_amount_moves_nothing(asha, saver, kind, amount, sentence):
    path = make_jar(asha)
    carried = asha.hidden(f"{path}/{kind}")
    answer = asha.send(f"{path}/{kind}", carried=carried, amount=amount, note="For Diwali")
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
    assert 'value="For Diwali"' in answer.text
    assert carried["key"] in answer.text, "nothing was claimed, so the form stays itself"
    assert moved(saver, path) == 0


def test_more_than_there_is(asha, saver):
    path = make_jar(asha)
    saver.deposit(path.rpartition("/")[2], "30")
    carried = asha.hidden(f"{path}/withdraw")
    answer = asha.send(f"{path}/withdraw", carried=carried, amount="50", note="Bus")
    assert answer.status_code == 409
    assert answer.text.count("There is less in this jar than that. Nothing was taken.") == 2
    assert 'value="50"' in answer.text
    assert 'value="Bus"' in answer.text
    assert carried["key"] not in answer.text, "the refusal is remembered under the first key"
    again = asha.carried_in(answer)
    saver.deposit(path.rpartition("/")[2], "30")
    assert asha.send(f"{path}/withdraw", carried=again, amount="50", note="Bus").status_code == 303
    assert balance(saver, path) == "10.00"


def test_over_a_cap(asha, saver):
    path = make_jar(asha, target_amount="100000")
    answer = asha.send(f"{path}/deposit", amount="60,000", note="")
    assert answer.status_code == 403
    assert "Without a verified identity you can hold up to ₹50,000." in answer.text
    assert 'value="60,000"' in answer.text
    assert moved(saver, path) == 0


def test_a_jar_that_was_closed_meanwhile(asha, saver):
    path = make_jar(asha)
    carried = asha.hidden(f"{path}/deposit")
    asha.send(f"{path}/close")
    answer = asha.send(f"{path}/deposit", carried=carried, amount="50", note="")
    assert answer.status_code == 409
    assert "This jar is closed. Nothing was moved." in answer.text


def test_a_double_tap_is_one_deposit(app, asha, saver):
    path = make_jar(asha)
    carried = asha.hidden(f"{path}/deposit")
    cookie = asha.client.get_cookie("chhota").value
    answers = []

    def tap():
        browser = Visitor(app)
        browser.client.set_cookie("chhota", cookie)
        answers.append(browser.send(f"{path}/deposit", carried=carried, amount="50", note=""))

    taps = [threading.Thread(target=tap) for _ in range(4)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    assert [answer.status_code for answer in answers] == [303] * 4
    assert balance(saver, path) == "50.00"
    assert moved(saver, path) == 1


def test_the_same_form_with_another_amount_is_asked_about(asha, saver):
    path = make_jar(asha)
    carried = asha.hidden(f"{path}/deposit")
    asha.send(f"{path}/deposit", carried=carried, amount="50", note="")
    answer = asha.send(f"{path}/deposit", carried=carried, amount="70", note="")
    assert answer.status_code == 422
    assert "This form had been sent before" in answer.text
    assert "key" not in text(answer)
    assert carried["key"] not in answer.text
    assert balance(saver, path) == "50.00"


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space in it all", "नमस्ते-नमस्ते-नमस्ते"])
def test_a_form_without_its_number_moves_nothing(asha, saver, key):
    path = make_jar(asha)
    carried = asha.hidden(f"{path}/deposit") | {"key": key}
    answer = asha.send(f"{path}/deposit", carried=carried, amount="50", note="")
    assert answer.status_code == 422
    assert "Please send it once more." in answer.text
    assert moved(saver, path) == 0


def test_a_key_is_its_savers_own(app, asha, saver):
    other_saver = factories.make_saver(app)
    other = Visitor(app)
    other.log_in(other_saver.email)
    key = "the-same-key-for-both"
    for visitor, owner in ((asha, saver), (other, other_saver)):
        path = make_jar(visitor)
        carried = visitor.hidden(f"{path}/deposit") | {"key": key}
        assert visitor.send(f"{path}/deposit", carried=carried, amount="50", note="").status_code == 303
        assert balance(owner, path) == "50.00"


def test_where_the_outcome_is_unknown_the_form_keeps_its_key(asha, saver, monkeypatch):
    path = make_jar(asha)
    carried = asha.hidden(f"{path}/deposit")
    real = deposits.deposit

    def broken(*args, **kwargs):
        raise Unavailable("The connection broke while this was being saved.", code="outcome_unknown")

    monkeypatch.setattr("app.blueprints.web.movements.deposits.deposit", broken)
    answer = asha.send(f"{path}/deposit", carried=carried, amount="50", note="")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "send the form again, and it is booked once" in text(answer)
    assert carried["key"] in answer.text
    assert 'value="50"' in answer.text
    monkeypatch.setattr("app.blueprints.web.movements.deposits.deposit", real)
    assert asha.send(f"{path}/deposit", carried=carried, amount="50", note="").status_code == 303


def test_the_amount_of_the_address_is_filled_in_as_text(asha):
    path = make_jar(asha)
    assert 'value="50"' in asha.get(f"{path}/deposit?amount=50").text
    assert 'value="&#34;&gt;&lt;b&gt;' in asha.get(f'{path}/deposit?amount="><b>').text


def test_what_is_still_asked_for_is_filled_in(asha, saver):
    path = make_jar(asha, installment_amount="50")
    assert 'value="50"' in asha.get(f"{path}/deposit").text
    saver.deposit(path.rpartition("/")[2], "20")
    assert 'value="30"' in asha.get(f"{path}/deposit").text
    assert "₹30 more lights this day’s lamp." in text(asha.get(path))


def test_stored_answers_hold_no_words_of_the_saver(asha, saver, superuser):
    path = make_jar(asha, name="Secret plan")
    asha.send(f"{path}/deposit", amount="50", note="Secret note")
    with superuser.cursor() as cursor:
        cursor.execute("SELECT body FROM idempotency_records WHERE user_id = %s", (str(saver.id),))
        ((body,),) = cursor.fetchall()
    assert b"Secret" not in bytes(body)
