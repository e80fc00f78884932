"""Asking for help on the pages."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask

from app.services.ops import support_answers
from app.transactions import run
from tests import factories
from tests.blueprints.web.conftest import Visitor
from tests.conftest import Clock
from tests.factories import Saver


def test_from_the_score_to_a_reference_and_its_answer(app: Flask, asha: Visitor, saver: Saver, clock: Clock) -> None:
    form = asha.get("/support/new?about=score")
    assert 'value="My score"' in form.text
    assert "They see the score" in form.text
    sent = asha.send("/support/new?about=score", subject="My score", text="A week\r\nis missing.")
    assert sent.status_code == 303
    page = asha.get(sent.headers["Location"])
    made = saver.get("/api/support-requests/").json["items"][0]
    assert made["text"] == "A week\nis missing."
    assert made["about"] == {"kind": "score", "id": None}
    for words in (made["reference"], "Wednesday 22 July", "Nobody yet (an installation for development)", "your score"):
        assert words in unescape(page.text)
    assert made["reference"] in asha.get("/support").text
    staff = factories.make_staff(app)
    with app.app_context():
        run(lambda: support_answers.answer(made["reference"], "<b>Added</b>", by=staff.id, at=clock.now()))
    page = asha.get(sent.headers["Location"]).text
    assert "&lt;b&gt;Added&lt;/b&gt;" in page
    assert "answered" in asha.get("/support").text


def test_what_is_missing_is_said_and_kept(asha: Visitor, saver: Saver) -> None:
    page = asha.send("/support/new", subject="Roof", text=" ")
    assert page.status_code == 422
    assert "Say what should be looked at." in page.text
    assert 'value="Roof"' in page.text
    assert saver.get("/api/support-requests/").json["items"] == []


def test_about_a_movement_of_one_s_own(app: Flask, asha: Visitor, saver: Saver) -> None:
    movement = saver.deposit(saver.jar(), "50").json["transaction"]["id"]
    path = f"/support/new?about=transaction&id={movement}"
    assert asha.send(path, subject="Twice", text="It stands there twice.").status_code == 303
    other = Visitor(app)
    other.log_in(factories.make_saver(app).email)
    assert other.get(path).status_code == 404


@pytest.mark.parametrize("query", ["about=weather", "about=score&id=x", "about=transaction", "about=loan&id=7"])
def test_about_nothing_that_there_is(asha: Visitor, query: str) -> None:
    assert asha.get(f"/support/new?{query}").status_code == 404


def test_another_s_request_is_as_one_that_is_not(app: Flask, asha: Visitor, saver: Saver) -> None:
    asha.send("/support/new", subject="Mine alone", text="x")
    made = saver.get("/api/support-requests/").json["items"][0]
    other = Visitor(app)
    other.log_in(factories.make_saver(app).email)
    assert other.get(f"/support/{made['id']}").status_code == 404
    assert "Mine alone" not in other.get("/support").text


def test_help_is_found_from_one_s_own_page(asha: Visitor) -> None:
    assert 'href="/support"' in asha.get("/profile").text
    page = asha.get("/support")
    assert 'href="/support/new"' in page.text


def test_so_many_an_hour(new_app: Callable[..., Flask]) -> None:
    app = new_app(RATELIMIT_ENABLED="1", RATELIMIT_SUPPORT="1 per hour")
    visitor = Visitor(app)
    visitor.log_in(factories.make_saver(app).email)
    answers = [visitor.send("/support/new", subject="S", text="T").status_code for _ in range(2)]
    assert answers == [303, 429]
    assert visitor.get("/support/new").status_code == 200
