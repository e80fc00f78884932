"""The forms of the pages, as a browser finds them, and filled in as a person would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests import factories
from tests.attacks.walking import Person, Route, pages


@dataclass
class Form:
    """One form: where it goes, and its fields filled in."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    page: Route | None = None  # where it stands


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.forms = page, []
        self._form: Form | None = None
        self._choice: str | None = None
        self._text: str | None = None
        self.forms: list[Form]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name = given.get("name", "")
        if tag == "form":
            self._form = Form(given.get("action") or self.page, given.get("method", "get").upper())
            self.forms.append(self._form)
        elif self._form is None or (not name and tag != "option"):
            return
        elif tag == "input":
            self._input(name, given)
        elif tag == "button" and given.get("value"):
            self._form.fields.setdefault(name, given["value"])
        elif tag == "select":
            self._choice = name
        elif tag == "option" and self._choice:
            value = given.get("value", "")
            if "selected" in given or not self._form.fields.get(self._choice):
                self._form.fields[self._choice] = value
        elif tag == "textarea":
            self._text = name
            self._form.fields[name] = "It leaves a week out."

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._choice = None

    def _input(self, name: str, given: dict[str, str]) -> None:
        assert self._form is not None
        kind, value, fields = given.get("type", "text"), given.get("value", ""), self._form.fields
        if kind == "file":
            self._form.files.add(name)
        elif kind == "radio":
            if "checked" in given or name not in fields:
                fields[name] = value
        elif kind == "checkbox":
            if "checked" in given:
                fields[name] = value or "y"
        elif kind != "submit":
            fields[name] = value or _typed(name, kind, given)


def _typed(name: str, kind: str, given: dict[str, str]) -> str:
    if kind == "hidden" or (kind == "date" and "required" not in given):
        return ""
    for word, text in (
        ("password", factories.PASSWORD), ("amount", "5"), ("email", factories.email()), ("phone", factories.phone()),
        ("login", factories.email()), ("date", "2100-01-01"), ("until", "2100-01-01"), ("code", "123456"),
    ):  # fmt: skip
        if word in name:
            return text
    return {"date": "2100-01-01", "number": "1", "tel": factories.phone(), "email": factories.email()}.get(
        kind, "Walked"
    )


def read(page: str, html: str) -> list[Form]:
    """The forms of a page at the path ``page``."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms


def again(app: Flask, person: Person, route: Route, form: Form) -> Form:
    """The same form as it stands on this person's own page."""
    if form.page is None or form.page.level == "public":
        return form
    path = form.page.path(app, {name: person.id_of(name) for name in form.page.rule.arguments})
    known = {route.call: route}
    for one in read(path, person.browser.get(path).text):
        if one.method == "POST" and route_of(app, known, "POST", one.action) == route:
            return one
    return form


def route_of(app: Flask, known: dict[tuple[str, str], Route], method: str, path: str) -> Route | None:
    """Which of ``known`` answers at ``path``."""
    try:
        rule, _ = app.url_map.bind("localhost").match(urlsplit(path).path, method=method, return_rule=True)
    except (HTTPException, RequestRedirect):
        return None
    return known.get((method, rule.rule))


def at(path: str, html: str) -> Form | None:
    """The form of a page that goes to its own address."""
    return next((one for one in read(path, html) if one.method == "POST" and urlsplit(one.action).path == path), None)


def found(app: Flask, person: Person) -> dict[tuple[str, str], Form]:
    """The form of every page route that takes one, by method and rule, as this person's own pages hold it.

    What no form leads to (calls of a script) has a form without fields.
    """
    known = {route.call: route for route in pages(app)}
    forms: dict[tuple[str, str], Form] = {}
    for route in known.values():
        if route.method != "GET" or (route.level == "public" and route.rule.arguments):
            continue
        values = {name: person.id_of(name) for name in route.rule.arguments}
        path = route.path(app, values)
        client = app.test_client() if route.level == "public" else person.browser
        answer = client.get(path)
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        for form in read(path, answer.text):
            target = route_of(app, known, form.method, form.action)
            if form.method == "POST" and target is not None:
                form.page = route
                fuller = forms.get(target.call)
                if fuller is None or len(form.fields) > len(fuller.fields):
                    forms[target.call] = form
    for route in known.values():
        if route.method != "GET":
            forms.setdefault(route.call, Form("", route.method))
    return forms


def query_of(form: Form) -> dict[str, str]:
    """What stands behind the question mark of a form's address."""
    return dict(parse_qsl(urlsplit(form.action).query))


def as_sent(form: Form) -> dict[str, str]:
    """The fields to send: the token is the browser's own, and a number that makes it once is a new one."""
    return {
        name: uuid4().hex if name == "key" else value for name, value in form.fields.items() if name != "csrf_token"
    }
