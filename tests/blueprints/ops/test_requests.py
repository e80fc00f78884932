"""Requests of savers at the console: what is due first on top, read with what the saver saw, answered once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.transactions import queue, run
from tests.attacks.walking import Person
from tests.blueprints.ops.test_users import noted


def ask(owner: Person, subject: str = "My score", **more: Any) -> str:
    body = {"subject": subject, "text": "It leaves <b>a week</b> out.", **more}
    assert owner.saver.post("/api/support-requests/", body).status_code == 201
    return str(owner.saver.get("/api/support-requests/").json["items"][0]["id"])


def answer(person: Person, request_id: str, text: str = "We looked.", **more: str) -> TestResponse:
    data = {"csrf_token": person.form_token, "text": text, **more}
    return person.browser.post(f"/ops/requests/{request_id}/answer", data=data)


def listed(person: Person, query: str = "") -> list[str]:
    return re.findall(
        r'<td><a href="/ops/requests/([0-9a-f-]{36})/"', person.browser.get(f"/ops/requests/{query}").text
    )


def test_what_is_overdue_stands_on_top(app: Flask, support: Person, owner: Person) -> None:
    movement = owner.id_of("transaction_id")
    plain, disputed, late = (
        ask(owner, "Language"), ask(owner, about={"kind": "transaction", "id": movement}), ask(owner, "Slow"),
    )  # fmt: skip
    with app.app_context():
        run(lambda: queue("UPDATE support_requests SET answer_by = '2020-01-01' WHERE id = %s", (late,)))
    found = listed(support, f"?user={owner.saver.id}")
    assert (found[0], set(found)) == (late, {plain, disputed, late})
    assert listed(support, f"?only=late&user={owner.saver.id}") == [late]
    assert listed(support, f"?only=disputes&user={owner.saver.id}") == [disputed]
    assert listed(support, f"?about=transaction&user={owner.saver.id}") == [disputed]
    assert listed(support, f"?status=answered&user={owner.saver.id}") == []
    inbox = support.browser.get("/ops/inbox/").text
    disputes, _, others = inbox.partition("Disputes")[2].partition("Other requests")
    assert (disputed in disputes, plain in others, late in others) == (True, True, True)
    assert "overdue" in inbox
    for html in (inbox, support.browser.get(f"/ops/requests/?user={owner.saver.id}").text):
        assert f'href="/ops/users/{owner.saver.id}/">A••• D•••</a>' in html
        assert "Asha Devi" not in html


@pytest.mark.parametrize("query", ["status=open", "only=mine", "about=a", "user=1", "sort=answer_by_x", "page=2"])
def test_what_the_list_does_not_know_is_refused(support: Person, query: str) -> None:
    assert support.browser.get(f"/ops/requests/?{query}").status_code == 400


def test_read_with_the_thing_and_answered_once(app: Flask, support: Person, admin: Person, owner: Person) -> None:
    movement = owner.id_of("transaction_id")
    request = ask(owner, "Wrong", about={"kind": "transaction", "id": movement})
    html = support.browser.get(f"/ops/requests/{request}/").text
    for text in ("&lt;b&gt;a week&lt;/b&gt;", f"/ops/transactions/{movement}/", f"/ops/users/{owner.saver.id}/", "₹50"):
        assert text in html, text
    assert [action for action, _, _ in noted(app, support)] == ["support_request_read", "looked_at"]
    for text in ("", "  ", "x" * 4_001):
        assert answer(support, request, text).status_code == 422
    done = answer(support, request, "It is put right.", status="open", answered_by=str(admin.saver.id))
    assert (done.status_code, done.location) == (303, "/ops/requests/")
    (found,) = owner.saver.get("/api/support-requests/").json["items"]
    assert (found["status"], found["answer"]) == ("answered", "It is put right.")
    assert answer(admin, request).status_code == 409
    html = admin.browser.get(f"/ops/requests/{request}/").text
    assert ("It is put right." in html, "<textarea" in html) == (True, False)
    assert listed(admin, f"?status=answered&user={owner.saver.id}") == [request]


def test_whoever_answered_does_not_judge_the_answer(app: Flask, support: Person, admin: Person, owner: Person) -> None:
    first = ask(owner)
    answer(support, first)
    assert owner.saver.post(f"/api/support-requests/{first}/appeal/", {"text": "No."}).status_code == 201
    again = str(owner.saver.get("/api/support-requests/").json["items"][0]["id"])
    html = support.browser.get(f"/ops/requests/{again}/").text
    assert ("Somebody else answers this" in html, "<textarea" in html) == (True, False)
    assert answer(support, again).status_code == 409
    html = admin.browser.get(f"/ops/requests/{again}/").text
    assert ("We looked." in html, f"/ops/requests/{first}/" in html) == (True, True)
    assert answer(admin, again, "Now it is right.").status_code == 303


def test_nobody_answers_their_own(support: Person, admin: Person) -> None:
    request = ask(support)
    html = support.browser.get(f"/ops/requests/{request}/").text
    assert ("This is your own" in html, "<textarea" in html) == (True, False)
    assert answer(support, request).status_code == 409
    assert answer(admin, request).status_code == 303


def test_a_dispute_of_a_score_leads_to_it(support: Person, owner: Person) -> None:
    owner.saver.get("/api/credit-score/")
    request = ask(owner, about={"kind": "score"})
    html = support.browser.get(f"/ops/requests/{request}/").text
    assert re.search(rf'href="/ops/(users/{owner.saver.id}/#score|scores/{owner.saver.id}/)"', html)
    for text in ("<dt>Rule</dt>", "<dt>As of</dt>"):
        assert text in html, text
    assert not re.search(r"\dT\d|\d UTC", html.partition("What the saver saw")[2].partition("</dl>")[0])
