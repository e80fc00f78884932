"""The page of one account: masked until somebody says why, and every look is noted."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.transactions import fetch, run
from tests.attacks.walking import Person, make_person
from tests.factories import PASSWORD


def noted(app: Flask, by: Person) -> list[Any]:
    """What the audit log says that this person did: word, about what, details."""
    sql = "SELECT action, subject_id, details FROM audit_log WHERE actor_id = %s ORDER BY id"
    with app.app_context():
        return run(lambda: fetch(sql, (by.saver.id,)))


def personal(html: str, person: Person) -> list[str]:
    number = person.saver.phone or ""
    return [text for text in ("Asha Devi", person.saver.email, number, f"{number[3:8]} {number[8:]}") if text in html]


def test_personal_data_is_masked_and_the_look_is_noted(app: Flask, support: Person, owner: Person) -> None:
    html = support.browser.get(f"/ops/users/{owner.saver.id}/").text
    assert personal(html, owner) == []
    assert "A••• D•••" in html
    assert PASSWORD not in html
    assert noted(app, support) == [("looked_at", str(owner.saver.id), {"what": "account"})]


def test_shown_for_a_reason_that_is_noted_and_masked_again_on_the_next_page(
    app: Flask, support: Person, owner: Person
) -> None:
    path, form = f"/ops/users/{owner.saver.id}/show", {"csrf_token": support.form_token}
    for reason in ({}, {"reason": ""}, {"reason": "curious"}):
        answer = support.browser.post(path, data=form | reason)
        assert (answer.status_code, personal(answer.text, owner)) == (422, [])
    assert all(details.get("what") == "account" for _, _, details in noted(app, support))
    answer = support.browser.post(path, data=form | {"reason": "support_request"})
    assert answer.status_code == 200
    assert len(personal(answer.text, owner)) >= 3
    assert answer.headers["Cache-Control"] == "no-store"
    assert noted(app, support)[-1] == (
        "looked_at", str(owner.saver.id), {"what": "profile", "reason": "support_request"},
    )  # fmt: skip
    assert personal(support.browser.get(f"/ops/users/{owner.saver.id}/").text, owner) == []


def test_the_page_tells_of_jars_devices_and_the_audit_log(app: Flask, support: Person, owner: Person) -> None:
    jar = owner.saver.jar(name="A goat", installment_amount="50")
    owner.saver.deposit(jar, "120.50")
    owner.id_of("device_id")
    html = support.browser.get(f"/ops/users/{owner.saver.id}/").text
    for text in ("A goat", "₹120.50", f"/ops/transactions/?jar={jar}", "push to the app", "looked at"):
        assert text in html, text


def test_whose_is_nobodys_is_missing(support: Person, owner: Person) -> None:
    jar = owner.saver.jar()
    assert support.browser.get(f"/ops/users/{jar}/").status_code == 404
    form = {"csrf_token": support.form_token, "reason": "legal"}
    assert support.browser.post(f"/ops/users/{jar}/show", data=form).status_code == 404


def test_few_queries_however_many_sections(support: Person, owner: Person, sent: list[str]) -> None:
    owner.id_of("transaction_id")
    sent.clear()
    support.browser.get(f"/ops/users/{owner.saver.id}/")
    assert len([one for one in sent if one != "[]"]) <= 17, sent  # one for each section, and who, what waits, the entry


# ---- by prefix ----


@pytest.mark.parametrize("how", ["email", "phone", "spaced", "ten digits", "name"])
def test_found_by_a_beginning(app: Flask, support: Person, owner: Person, how: str) -> None:
    number = owner.saver.phone or ""
    typed = {
        "email": owner.saver.email.upper(), "phone": number, "spaced": f"{number[:3]} {number[3:8]} {number[8:]}",
        "ten digits": number[3:], "name": "asha  DEVI",
    }[how]  # fmt: skip
    html = support.browser.get("/ops/users/", query_string={"q": typed}).text
    assert str(owner.saver.id) in html or how == "name"
    assert "/ops/users/0" in html
    action, about, details = noted(app, support)[-1]
    assert (action, about) == ("searched", how if how in {"email", "name"} else "phone")
    assert typed not in str(details)


def test_a_search_that_begins_with_an_address_finds_no_other(app: Flask, support: Person, owner: Person) -> None:
    other = make_person(app)
    html = support.browser.get("/ops/users/", query_string={"q": owner.saver.email}).text
    assert str(owner.saver.id) in html
    assert str(other.saver.id) not in html
