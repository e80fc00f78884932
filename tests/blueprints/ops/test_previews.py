"""The preview of templates: each kind in each language and on each occasion, and nothing leaves."""

from __future__ import annotations

import pytest
from flask import Flask

from app.services.ops.console import previews
from app.transactions import fetch, run
from tests.attacks.walking import Person


def test_every_template_is_shown_in_every_language(app: Flask, support: Person) -> None:
    with app.app_context():
        before = run(lambda: fetch("SELECT (SELECT max(id) FROM deliveries), (SELECT count(*) FROM account_letters)"))
    for kind in previews.kinds():
        for language in previews.LANGUAGES:
            answer = support.browser.get("/ops/templates/", query_string={"kind": kind, "language": language})
            assert answer.status_code == 200, kind
            for occasion in previews.occasions(kind):
                assert occasion in answer.text, (kind, occasion)
    with app.app_context():
        assert before == run(
            lambda: fetch("SELECT (SELECT max(id) FROM deliveries), (SELECT count(*) FROM account_letters)")
        )


def test_a_letter_is_shown_as_it_would_leave(support: Person) -> None:
    html = support.browser.get("/ops/templates/?kind=new_device").text
    assert "Namaste Asha" in html
    assert "data-letter" in html
    assert "/unsubscribe/example" in html
    hindi = support.browser.get("/ops/templates/?kind=account_changed&language=hi").text
    assert "नमस्ते आशा" in hindi
    assert "/unsubscribe/" not in hindi  # nobody can switch it off
    code = support.browser.get("/ops/templates/?kind=phone_code").text
    assert "123456" in code
    assert "As a letter" not in code


@pytest.mark.parametrize(
    "query",
    ["kind=nothing", "language=ta", "occasion=Never", "kind=new_device&kind=phone_code", "x=1"],
)
def test_what_is_not_there_is_refused(support: Person, query: str) -> None:
    assert support.browser.get(f"/ops/templates/?{query}").status_code == 400
