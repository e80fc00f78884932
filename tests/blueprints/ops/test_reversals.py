"""Taking back a movement at the console: what is said before, two people where it takes two, one effect."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.transactions import fetch, queue, run
from tests.attacks.walking import Person, make_person


def made(owner: Person, amount: str, *, out: str | None = None) -> tuple[str, str]:
    """A jar, and a deposit into it, of which some was taken out."""
    jar = owner.saver.jar(target_amount="50000", name="Goat")
    movement = owner.saver.deposit(jar, amount).json["transaction"]["id"]
    if out:
        owner.saver.withdraw(jar, out)
    return jar, movement


def ask(person: Person, movement: str, reason: str = "sent twice", **more: str) -> TestResponse:
    data = {"csrf_token": person.form_token, "reason": reason, **more}
    return person.browser.post(f"/ops/transactions/{movement}/reverse", data=data)


def decide(person: Person, address: str, decision: str = "approve", owed: str = "7000") -> TestResponse:
    data = {"csrf_token": person.form_token, "decision": decision, "owed": owed}
    return person.browser.post(f"{address}decide", data=data)


def balance(owner: Person, jar: str) -> str:
    return str(owner.saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"])


def booked(app: Flask, movement: str) -> int:
    with app.app_context():
        return len(run(lambda: fetch("SELECT 1 FROM transactions WHERE reversal_of = %s", (movement,))))


def test_a_small_one_is_foreseen_and_done_at_once(app: Flask, support: Person, owner: Person) -> None:
    jar, movement = made(owner, "120", out="20")
    owner.saver.deposit(jar, "30")
    page = f"/ops/transactions/{movement}/reverse"
    assert page in support.browser.get(f"/ops/transactions/{movement}/").text
    html = support.browser.get(page).text
    for text in ("Deposit of ₹120", "Goat", "₹130", "₹10", "nothing", "Take it back"):
        assert text in html, text
    assert "second person" not in html
    for reason in ("", " a ", "x" * 201):
        answer = ask(support, movement, reason)
        assert (answer.status_code, 'aria-invalid="true"' in answer.text) == (422, True)
    assert balance(owner, jar) == "130.00"
    # What nobody asks for does nothing: neither another amount, nor a second person that is made up.
    answer = ask(support, movement, amount="1", second=str(make_person(app, "admin").saver.id), status="approved")
    assert answer.status_code == 303
    assert balance(owner, jar) == "10.00"
    html = support.browser.get(answer.location).text
    assert "Reversal of ₹120" in html
    assert movement in html
    again = support.browser.get(page).text
    assert ("Already taken back" in again, "csrf_token" in again.partition("<main")[2]) == (True, False)
    assert ask(support, movement).status_code == 409
    assert booked(app, movement) == 1


def test_a_withdrawal_comes_back(support: Person, owner: Person) -> None:
    jar, _ = made(owner, "100")
    movement = owner.saver.withdraw(jar, "40").json["transaction"]["id"]
    html = support.browser.get(f"/ops/transactions/{movement}/reverse").text
    for text in ("Given back to it", "₹60", "₹40", "₹100"):
        assert text in html, text
    assert ask(support, movement).status_code == 303
    assert balance(owner, jar) == "100.00"


@pytest.mark.parametrize(("amount", "out", "why"), [("9000", None, "More than ₹5,000"), ("100", "70", "stand as owed")])
def test_what_takes_two_waits_and_nobody_approves_their_own(
    app: Flask, support: Person, admin: Person, owner: Person, amount: str, out: str | None, why: str
) -> None:
    jar, movement = made(owner, amount, out=out)
    before = balance(owner, jar)
    html = support.browser.get(f"/ops/transactions/{movement}/reverse").text
    assert (why in html, "Ask a second person" in html) == (True, True)
    asked = ask(support, movement)
    assert (asked.status_code, asked.location.startswith("/ops/reversals/")) == (303, True)
    address = asked.location
    assert balance(owner, jar) == before
    html = support.browser.get(address).text
    assert ("somebody else decides" in html, 'value="approve"' in html) == (True, False)
    for decision in ("approve", "decline"):
        assert decide(support, address, decision).status_code == 409
    assert decide(admin, address, "maybe").status_code == 422
    assert (balance(owner, jar), booked(app, movement)) == (before, 0)
    assert "It waits" in admin.browser.get(f"/ops/transactions/{movement}/reverse").text
    assert ask(admin, movement).status_code == 409
    for place in ("/ops/inbox/", "/ops/reversals/?status=waiting", f"/ops/transactions/{movement}/"):
        assert address in admin.browser.get(place).text, place
    assert 'value="approve"' in admin.browser.get(address).text
    assert decide(admin, address).status_code == 303
    assert balance(owner, jar) == "0.00"
    assert decide(make_person(app, "admin"), address).status_code == 409
    assert booked(app, movement) == 1
    story = admin.browser.get(f"/ops/transactions/{movement}/").text.partition("Its story")[2]
    said = ["asked for it to be taken back", "took it back", "agreed as the second person"]
    assert [story.find(word) for word in said] == sorted(story.find(word) for word in said) != [-1, -1, -1]


def test_what_is_agreed_to_is_what_the_page_said(support: Person, admin: Person, owner: Person) -> None:
    jar, movement = made(owner, "100", out="40")
    address = ask(support, movement).location
    shown = re.search(r'name="owed" value="(\d+)"', admin.browser.get(address).text)
    assert shown is not None
    assert shown[1] == "4000"
    owner.saver.withdraw(jar, "10")
    answer = decide(admin, address, owed=shown[1])
    assert (answer.status_code, "look at it again" in answer.text) == (409, True)
    assert balance(owner, jar) == "50.00"
    for crafted in ("", "-1", "much"):
        assert decide(admin, address, owed=crafted).status_code in {409, 422}
    again = re.search(r'name="owed" value="(\d+)"', answer.text)
    assert again is not None
    assert decide(admin, address, owed=again[1]).status_code == 303


def test_withdrawn_by_whoever_asked(support: Person, admin: Person, owner: Person) -> None:
    jar, movement = made(owner, "9000")
    address = ask(support, movement).location
    assert 'value="withdraw"' in support.browser.get(address).text
    assert 'value="withdraw"' not in admin.browser.get(address).text
    assert decide(admin, address, "withdraw").status_code == 409
    assert decide(support, address, "withdraw").status_code == 303
    html = support.browser.get(address).text
    assert ("withdrew the request" in html, 'name="decision"' in html.partition("<main")[2]) == (True, False)
    assert (decide(admin, address).status_code, balance(owner, jar)) == (409, "9000.00")
    assert address in support.browser.get("/ops/reversals/?status=withdrawn").text


def test_declined_and_asked_for_anew(support: Person, admin: Person, owner: Person) -> None:
    jar, movement = made(owner, "9000")
    address = ask(support, movement).location
    assert decide(admin, address, "decline").status_code == 303
    assert ("declined" in admin.browser.get(address).text, balance(owner, jar)) == (True, "9000.00")
    other = ask(admin, movement).location
    assert other != address
    assert decide(support, other).status_code == 303
    assert balance(owner, jar) == "0.00"


def test_two_approvals_at_once_have_one_effect(app: Flask, support: Person, owner: Person) -> None:
    jar, movement = made(owner, "9000")
    owner.saver.deposit(jar, "9000")
    address = ask(support, movement).location
    people = [make_person(app, role) for role in ("admin", "admin", "support", "support")]
    with ThreadPoolExecutor(4) as pool:
        answers = sorted(one.status_code for one in pool.map(lambda person: decide(person, address), people))
    assert answers == [303, 409, 409, 409]
    assert (booked(app, movement), balance(owner, jar)) == (1, "9000.00")


def test_nobody_takes_back_their_own_movement(support: Person, admin: Person) -> None:
    jar = support.saver.jar(target_amount="50000")
    movement = support.saver.deposit(jar, "9000").json["transaction"]["id"]
    assert "This is your own" in support.browser.get(f"/ops/transactions/{movement}/reverse").text
    assert ask(support, movement).status_code == 409
    address = ask(admin, movement).location
    assert decide(support, address).status_code == 409
    assert balance(support, jar) == "9000.00"


def test_what_is_no_movement_of_a_jar_is_not_taken_back_here(support: Person, owner: Person) -> None:
    _, movement = made(owner, "100")
    reversal = ask(support, movement).location.split("/")[-2]
    assert "Not taken back this way" in support.browser.get(f"/ops/transactions/{reversal}/reverse").text
    assert ask(support, reversal).status_code == 409
    assert support.browser.get(f"/ops/transactions/{owner.id_of('jar_id')}/reverse").status_code == 404
    assert support.browser.get(f"/ops/reversals/{movement}/").status_code == 404


def test_moving_money_asks_again_who_it_is(app: Flask, support: Person, admin: Person, owner: Person) -> None:
    jar, movement = made(owner, "9000")
    address = ask(support, movement).location
    with app.app_context():
        long_ago = datetime.now(UTC) - timedelta(minutes=16)
        mine = (long_ago, [str(support.saver.id), str(admin.saver.id)])
        run(lambda: queue("UPDATE refresh_families SET created_at = %s WHERE user_id = ANY(%s::uuid[])", mine))
    page = f"/ops/transactions/{movement}/reverse"
    for answer in (support.browser.get(page), ask(support, movement), decide(admin, address)):
        assert (answer.status_code, answer.location.startswith("/profile/confirm")) == (303, True)
    assert balance(owner, jar) == "9000.00"


@pytest.mark.parametrize("query", ["status=done", "sort=reason", "transaction=1", "page=2"])
def test_what_the_list_does_not_know_is_refused(support: Person, query: str) -> None:
    assert support.browser.get(f"/ops/reversals/?{query}").status_code == 400


def test_few_queries(support: Person, admin: Person, owner: Person, sent: list[Any]) -> None:
    _, movement = made(owner, "9000")
    ask(support, movement)
    for path in ("/ops/reversals/", "/ops/inbox/", "/ops/requests/", "/ops/papers/"):
        sent.clear()
        assert admin.browser.get(path).status_code == 200
        assert len([one for one in sent if one != "[]"]) <= 6, path
