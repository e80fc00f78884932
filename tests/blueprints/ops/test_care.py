"""What staff do for an account from its page: for a reason, noted, and nothing that the form does not ask."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.transactions import fetch, queue, run
from tests import factories
from tests.attacks.walking import Person
from tests.blueprints.ops.test_users import noted


def send(person: Person, owner: Person, action: str, **fields: str) -> TestResponse:
    path = f"/ops/users/{owner.saver.id}/{action}"
    return person.browser.post(path, data={"csrf_token": person.form_token, **fields})


def row(app: Flask, owner: Person) -> tuple[Any, ...]:
    sql = "SELECT status, role, kyc_status, email FROM users WHERE id = %s"
    with app.app_context():
        return run(lambda: fetch(sql, (owner.saver.id,)))[0]


def changes(app: Flask, by: Person) -> list[str]:
    return [action for action, _, _ in noted(app, by) if action != "looked_at"]


def test_suspended_for_a_reason_and_restored(app: Flask, support: Person, owner: Person) -> None:
    before = row(app, owner)
    for reason in ({}, {"reason": ""}, {"reason": "  x "}, {"reason": "y" * 201}):
        answer = send(support, owner, "suspend", **reason)
        assert (answer.status_code, '<details class="ops-act" open' in answer.text) == (422, True), reason
    assert row(app, owner) == before
    answer = send(
        support, owner, "suspend", reason="a stolen phone", status="erased", role="admin", email="x@y.example"
    )
    assert (answer.status_code, answer.location) == (303, f"/ops/users/{owner.saver.id}/#care")
    assert row(app, owner) == ("suspended", *before[1:])
    assert owner.saver.get("/api/profile/").status_code == 401
    again = send(support, owner, "suspend", reason="a stolen phone")
    assert (again.status_code, "suspended already" in again.text) == (409, True)
    assert "Restore the account" in support.browser.get(f"/ops/users/{owner.saver.id}/").text
    assert send(support, owner, "restore", reason="it was found").status_code == 303
    assert row(app, owner) == before
    assert changes(app, support) == ["suspended", "restored"]
    assert [each[2].get("reason") for each in noted(app, support) if each[0] == "restored"] == ["it was found"]


def test_all_sign_ins_end(app: Flask, support: Person, owner: Person) -> None:
    assert send(support, owner, "end-sign-ins").status_code == 422
    assert owner.saver.get("/api/profile/").status_code == 200
    assert send(support, owner, "end-sign-ins", reason="asked by telephone").status_code == 303
    assert owner.saver.get("/api/profile/").status_code == 401
    assert "Sign-ins that ended: 2." in support.browser.get("/ops/").text
    assert changes(app, support) == ["sign_ins_ended"]


def test_a_proof_is_sent_again_while_it_is_missing(app: Flask, support: Person, owner: Person) -> None:
    html = support.browser.get(f"/ops/users/{owner.saver.id}/").text
    assert "Send the link to the address again" in html
    assert send(support, owner, "proof", what="role").status_code == 422
    assert send(support, owner, "proof", what="email").status_code == 303
    assert changes(app, support) == ["verification_resent"]
    with app.app_context():
        run(lambda: queue("UPDATE users SET email_verified_at = created_at WHERE id = %s", (owner.saver.id,)))
    assert send(support, owner, "proof", what="email").status_code == 409
    assert "Send the link to the address again" not in support.browser.get(f"/ops/users/{owner.saver.id}/").text


def test_a_note_stays_and_is_text(app: Flask, support: Person, admin: Person, owner: Person) -> None:
    assert send(support, owner, "notes", text=" ").status_code == 422
    too_long = send(support, owner, "notes", text="x" * 2_001)
    assert (too_long.status_code, "x" * 2_001 in too_long.text) == (422, True)  # what was typed is not lost
    assert send(support, owner, "notes", text="Prefers <b>Hindi</b>.\r\nCall later.").status_code == 303
    html = admin.browser.get(f"/ops/users/{owner.saver.id}/").text
    assert "Prefers &lt;b&gt;Hindi&lt;/b&gt;.\nCall later." in html
    assert changes(app, support) == ["saver_noted"]


def test_accounts_of_staff_and_erased_ones_are_left_alone(app: Flask, support: Person, admin: Person) -> None:
    for person in (admin, support):
        answer = send(support, person, "suspend", reason="a quarrel")
        assert answer.status_code == 409
        assert row(app, person)[0] == "active"
        assert "flask staff" in support.browser.get(f"/ops/users/{person.saver.id}/").text
    gone = Person(app, factories.make_saver(app))
    with app.app_context():
        run(lambda: queue("UPDATE users SET status = 'erased' WHERE id = %s", (gone.saver.id,)))
    for what in ("suspend", "restore", "end-sign-ins"):
        assert send(support, gone, what, reason="a mistake").status_code == 404
    assert changes(app, support) == []


def test_the_page_has_everything_about_a_saver(app: Flask, support: Person, owner: Person, clock: Any) -> None:
    """A section for each part, with links to the things."""
    jar = factories.live_weeks(owner.saver, clock, "1110", name="Goat")
    person = Person(app, owner.saver)
    paper, request, loan = (person.id_of(kind) for kind in ("paper_id", "request_id", "loan_id"))
    html = support.browser.get(f"/ops/users/{owner.saver.id}/").text
    assert re.findall(r'<section class="ops-section" id="(\w+)"', html) == [
        "profile", "care", "notes", "papers", "jars", "score", "loans", "support", "notices", "devices", "audit",
    ]  # fmt: skip
    for text in (
        f"/ops/papers/{paper}/", f"/ops/requests/{request}/", f"/ops/transactions/?jar={jar}", loan[-8:], "PAN card",
        "3 of 4", "of 300 to 900", "Deposit received", "Kept in all", "Where everybody begins",
    ):  # fmt: skip
        assert text in html, text
    points = [int(number) for number in re.findall(r'</th><td class="ops-number">(\d+)</td><td', html)]
    score = re.search(r"(\d{3}), of 300 to 900", html)
    assert score is not None
    assert sum(points[:-1]) == points[-1] == int(score[1])


@pytest.mark.parametrize("action", ["suspend", "restore", "end-sign-ins", "proof", "notes"])
def test_nobody_else_reaches_it(owner: Person, support: Person, action: str) -> None:
    assert send(owner, support, action, reason="a joke", text="a joke", what="email").status_code == 404
