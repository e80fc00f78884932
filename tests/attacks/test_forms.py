"""The forms of the pages: nothing is taken without this browser's token, and what no form asks for does nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from tests import factories
from tests.attacks import forms
from tests.attacks.snapshots import changes, everything
from tests.attacks.walking import Person, Route, make_person, pages


def posts(app: Flask) -> list[Route]:
    return [route for route in pages(app) if route.method != "GET"]


def test_a_form_without_its_own_token_changes_nothing(walked: Flask, rows: Any) -> None:
    """None, an empty or made-up one, one of another browser of the same person, of somebody else, of nobody."""
    person, stranger = make_person(walked), make_person(walked)
    found = forms.found(walked, person)
    other_browser = Person(walked, person.saver).form_token
    tokens = [None, "", "made-up", other_browser, stranger.form_token, person.form_token[:-1], person.form_token + "x"]
    before = everything(rows)
    for route in posts(walked):
        if not route.rule.methods or route.method != "POST":
            pytest.fail(f"{route}: pages are changed by POST alone")
        form = found[route.call]
        path = route.path(walked, {name: person.id_of(name) for name in route.rule.arguments if name in person.ids})
        for token in tokens:
            sent = forms.as_sent(form) | ({} if token is None else {"csrf_token": token})
            answer = person.browser.post(path, data=sent, query_string=forms.query_of(form))
            assert answer.status_code == 400, (str(route), token)
        headers = {"X-CSRFToken": stranger.form_token}
        query = {"csrf_token": person.form_token}
        assert (
            person.browser.post(path, data=forms.as_sent(form), headers=headers, query_string=query).status_code == 400
        )
    assert everything(rows) == before


def test_no_page_changes_anything_by_being_looked_at(walked: Flask, rows: Any) -> None:
    """A picture or a link on somebody else's site can ask for any page: GET and HEAD leave the saver's rows alone."""
    person = make_person(walked)
    targets = [
        route.path(walked, {name: person.id_of(name) for name in route.rule.arguments})
        for route in pages(walked)
        if route.method == "GET" and route.level not in {"public", None}
    ]
    assert len(targets) > 15
    for path in targets:
        person.browser.get(path)  # whoever looks for the first time gets a score, and the day's closing
    before = everything(rows, str(person.saver.id))
    for path in targets:
        person.browser.get(path)
        person.browser.head(path)
        person.browser.get(path, query_string=forms.as_sent(forms.Form("", "GET")) | INJECTED)
    assert everything(rows, str(person.saver.id)) == before


#: What each column of each table is set to by somebody who hopes that a form binds by name.
INJECTED = {
    column.name: {"bool": "true", "int": "99999999", "UUID": "00000000-0000-4000-8000-000000000000"}.get(
        column.type.python_type.__name__, "admin"
    )
    for table in db.metadata.tables.values()
    for column in table.columns
} | {"role": "admin", "status": "verified", "kyc_status": "verified", "is_admin": "1", "user.role": "admin"}


def test_no_column_of_any_table_can_be_sent_along_in_a_form(walked: Flask, rows: Any) -> None:
    """Each form is sent twice by people alike, once with every column of every table: both times the same happens."""
    assert {"current_amount", "balance", "role", "kyc_status", "password_hash", "user_id"} <= set(INJECTED)
    taken, found = 0, forms.found(walked, make_person(walked))
    for route in posts(walked):
        if route.rule.rule in {"/signup", "/login"}:
            continue  # who sends these is nobody yet: below
        done = []
        for more in ({}, INJECTED):
            person = make_person(walked)
            form = forms.again(walked, person, route, found[route.call])
            path = route.path(walked, {name: person.id_of(name) for name in route.rule.arguments if name != "token"})
            before = everything(rows)
            sent = {**more, **forms.as_sent(form), "csrf_token": person.form_token}
            answer = person.browser.post(path, data=sent, query_string=forms.query_of(form))
            done.append((answer.status_code, changes(before, everything(rows))))
        optional = set(INJECTED) & set(form.fields)
        assert done[0] == done[1], (str(route), optional, done[0][1] - done[1][1], done[1][1] - done[0][1])
        taken += bool(done[0][1])
    assert taken >= 10


@pytest.mark.parametrize("path", ["/signup", "/login"])
def test_nor_in_the_forms_of_those_who_are_nobody_yet(walked: Flask, rows: Any, path: str) -> None:
    done = []
    for more in ({}, INJECTED):
        saver = factories.make_saver(walked)
        client = walked.test_client()
        (form,) = (one for one in forms.read(path, client.get(path).text) if one.action.startswith(path))
        before = everything(rows)
        filled = form.fields | ({"login": saver.email} if path == "/login" else {})
        answer = client.post(path, data={**more, **filled})
        done.append((answer.status_code, changes(before, everything(rows))))
    assert done[0][0] == 303
    assert done[0] == done[1], (done[0][1] - done[1][1], done[1][1] - done[0][1])
    assert sum(Counter(done[0][1]).values()) >= 1
