"""What no page of the console sends: bodies that are no form, and words of somebody's in an address."""

from __future__ import annotations

import re
import zlib
from base64 import urlsafe_b64decode
from contextlib import suppress
from random import sample
from urllib.parse import unquote
from uuid import uuid4

import pytest
from flask import Flask

from app.blueprints.ops.users import UsersView
from app.transactions import queue, run
from tests.attacks.walking import Person
from tests.blueprints.ops.test_users import noted
from tests.factories import make_saver


@pytest.mark.parametrize(
    "body", ["[1, 2]", "5", '"x"', '{"named": 5, "chosen": 5, "kind": 5}', '{"named": [[1]], "chosen": [null]}', "{"]
)
def test_a_form_is_read_from_a_form_alone(admin: Person, body: str) -> None:
    """The token may come in a header, and then a body of another kind gets as far as the form."""
    for path, status in (("/ops/jump/", 422), ("/ops/scores/recalculate", 303), ("/ops/jobs/run", 422)):
        headers = {"X-CSRFToken": admin.form_token}
        answer = admin.browser.post(path, data=body, content_type="application/json", headers=headers)
        assert answer.status_code == status, path


def unreadable(cursor: str, words: set[bytes]) -> bool:
    """Nothing of it can be read by whoever has the address: neither as it stands, nor unpacked."""
    text = unquote(cursor)
    packed = urlsafe_b64decode(text.strip(".").partition(".")[0] + "===")
    with suppress(zlib.error):
        packed += zlib.decompress(packed)
    return not any(word in text.encode() + packed for word in words)


@pytest.mark.parametrize("how", ["email", "phone", "name"])
def test_no_address_of_a_next_page_tells_who_stands_on_this_one(
    app: Flask, support: Person, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(UsersView, "page_size", 1)
    word = uuid4().hex
    for number in range(2):
        make_saver(app, email=f"{word}@{number}.example", name=f"{word} {number}")
    q = {"email": f"{word}@", "phone": "+919", "name": word}[how]
    (cursor,) = re.findall(r'after=([^"&]+)"', support.browser.get("/ops/users/", query_string={"q": q}).text)
    personal = {word.encode(), b"+919"}
    assert unreadable(cursor, personal)
    asked = {"limit": "1", "q": q}
    first = support.saver.get("/api/admin/users/", query_string=asked).json
    assert unreadable(first["next_cursor"], personal)
    second = support.saver.get("/api/admin/users/", query_string=asked | {"cursor": first["next_cursor"]}).json
    assert first["items"] != second["items"] != []


def test_there_is_a_page_after_the_longest_name(app: Flask, support: Person) -> None:
    name = "".join(map(chr, sample(range(0x20000, 0x2A000), 99)))
    for number in range(2):
        make_saver(app, name=f"{name}{number}")
    asked = {"limit": "1", "q": name}
    first = support.saver.get("/api/admin/users/", query_string=asked).json
    second = support.saver.get("/api/admin/users/", query_string=asked | {"cursor": first["next_cursor"]}).json
    assert [one["name"][-1] for page in (first, second) for one in page["items"]] == ["0", "1"]


def test_no_title_tells_who_it_is(support: Person, owner: Person) -> None:
    """Titles stand in histories and on shared screens, long after the page."""
    owner.saver.post("/api/support-requests/", {"subject": "I am Asha Devi", "text": "Mine."})
    request = owner.saver.get("/api/support-requests/").json["items"][0]["id"]
    for path in (
        f"/ops/users/{owner.saver.id}/", f"/ops/papers/{owner.id_of('paper_id')}/",
        f"/ops/requests/{request}/", f"/ops/scores/{owner.saver.id}/",
        f"/ops/loans/{owner.id_of('loan_id')}/",
    ):  # fmt: skip
        assert "Devi" not in title(support.browser.get(path).text), path
    form = {"csrf_token": support.form_token, "reason": "legal"}
    html = support.browser.post(f"/ops/users/{owner.saver.id}/show", data=form).text
    assert ("Asha Devi" in html, "Devi" in title(html)) == (True, False)


def title(html: str) -> str:
    return html.partition("<title>")[2].partition("</title>")[0]


@pytest.mark.parametrize("how", ["email", "phone"])
def test_whoever_finds_out_whose_an_address_or_a_number_is_is_noted_with_whose(
    app: Flask, support: Person, owner: Person, how: str
) -> None:
    """By a search as by the jump box: else a search would be a way to ask without an answer for it."""
    typed = {"email": owner.saver.email, "phone": owner.saver.phone}[how]
    for q, found in ((typed, True), (f"{typed}1", False)):
        before = len(noted(app, support))
        assert support.browser.get("/ops/users/", query_string={"q": q}).status_code == 200
        entry = ("looked_at", str(owner.saver.id), {"what": how})
        assert (entry in noted(app, support)[before:]) == found


def test_what_an_administrator_does_is_not_for_everybody_who_opens_their_account(
    app: Flask, support: Person, admin: Person, owner: Person
) -> None:
    """The audit log is for administrators; the page of an account says of a saver what the saver did."""
    admin.browser.get(f"/ops/users/{owner.saver.id}/")
    request = owner.id_of("request_id")
    assert str(owner.saver.id) not in support.browser.get(f"/ops/users/{admin.saver.id}/").text
    own = support.browser.get(f"/ops/users/{owner.saver.id}/").text.partition('id="audit"')[2]
    assert request[-8:] in own
    with app.app_context():
        run(lambda: queue("UPDATE users SET role = 'saver' WHERE id = %s", (admin.saver.id,)))
    assert str(owner.saver.id) not in support.browser.get(f"/ops/users/{admin.saver.id}/").text


@pytest.mark.parametrize("path", ["/ops/jump/", "/ops/users/{}/notes"])
def test_what_staff_typed_about_somebody_is_not_kept_in_their_browser(
    app: Flask, support: Person, owner: Person, path: str
) -> None:
    """Neither where the form was of a sign-in before, nor where the sign-in has ended."""
    typed = {"named": owner.saver.email, "text": f"Writes from {owner.saver.email}."}
    headers = {"Sec-Fetch-Site": "same-origin"}
    for ended in (False, True):
        if ended:
            with app.app_context():
                run(lambda: queue("UPDATE users SET status = 'suspended' WHERE id = %s", (support.saver.id,)))
        token = {"csrf_token": support.form_token} if ended else {}
        answer = support.browser.post(path.format(owner.saver.id), data=typed | token, headers=headers)
        assert answer.status_code == (303 if ended else 400)
        with support.browser.session_transaction() as held:
            assert owner.saver.email not in str(dict(held))


def test_a_filter_of_spaces_is_none(admin: Person) -> None:
    """An id without its kind is refused, for no index finds it: also where it is nothing but spaces."""
    before = len(noted(admin.app, admin))
    for path in ("/ops/audit/?subject=%20", "/ops/audit/?subject=%1C", "/ops/users/?q=%20%20", "/ops/users/?q=%1F"):
        answer = admin.browser.get(path)
        assert (answer.status_code, "ops-empty" in answer.text) == (200, False), path
    assert len(noted(admin.app, admin)) == before


def test_the_movements_of_one_saver_are_a_look_at_the_saver(app: Flask, support: Person, owner: Person) -> None:
    """The API notes whose movements it gave; the page and its file gave them and said nothing."""
    user, jar = str(owner.saver.id), owner.id_of("jar_id")
    owner.id_of("transaction_id")
    for query in (f"user={user}", f"jar={jar}"):
        before = len(noted(app, support))
        support.browser.get(f"/ops/transactions/?{query}")
        assert noted(app, support)[before:] == [("looked_at", user, {"what": "transactions"})], query
    before = len(noted(app, support))
    for query in ("", f"user={uuid4()}"):
        support.browser.get(f"/ops/transactions/?{query}")
    assert len(noted(app, support)) == before
    form = {"csrf_token": support.form_token}
    assert support.browser.post(f"/ops/transactions/export?user={user}", data=form).mimetype == "text/csv"
    assert [entry[1] for entry in noted(app, support)[before:]] == [user, "ops_transactions"]
