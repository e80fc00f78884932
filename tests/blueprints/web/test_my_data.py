"""The pages about one's own data, the terms, and the nominee."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask

from app.services.identity import policies
from app.services.identity.policies import Version
from app.transactions import fetch, run
from tests import factories
from tests.blueprints.web.conftest import Visitor
from tests.factories import Saver


@pytest.fixture
def signed_in(visitor: Visitor, saver: Saver) -> Visitor:
    visitor.log_in(saver.email)
    return visitor


def test_everything_comes_as_a_file(signed_in: Visitor, saver: Saver) -> None:
    saver.deposit(saver.jar(), "50", note="tea")
    answer = signed_in.send("/profile/data/file", form="/profile/data")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=chhota-")
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.data)["movements"][0]["note"] == "tea"


def test_choices_begin_as_no_and_go_both_ways(app: Flask, signed_in: Visitor, saver: Saver) -> None:
    page = signed_in.get("/profile/data").text
    assert page.count('role="switch"') == 2
    assert " checked" not in page
    for on, stands in ((["training"], (True, False)), ([], (False, False)), (["marketing"], (False, True))):
        assert signed_in.send("/profile/data", form="/profile/data", on=on).status_code == 303
        items = {one["purpose"]: one["given"] for one in saver.get("/api/profile/consents/").json["items"]}
        assert (items["training"], items["marketing"]) == stands
        with app.app_context():
            ((trains,),) = run(lambda: fetch("SELECT train_on_history FROM users WHERE id = %s", (saver.id,)))
        assert trains == stands[0]


def test_an_account_is_closed_with_its_password_alone(signed_in: Visitor, saver: Saver) -> None:
    jar = saver.jar()
    saver.deposit(jar, "50")
    page = signed_in.get("/profile/erase").text
    assert "There is still money in your jars." in page
    assert 'href="/jars"' in page.partition("<main")[2]
    assert 'name="password"' not in page, "nobody is asked for what would be refused"
    refused = signed_in.send("/profile/erase", form="/profile", password=factories.PASSWORD)
    assert refused.status_code == 409
    saver.withdraw(jar, "50")
    wrong = signed_in.send("/profile/erase", password="somebody else's")
    assert (wrong.status_code, "That is not your password." in wrong.text) == (401, True)
    done = signed_in.send("/profile/erase", password=factories.PASSWORD)
    assert (done.status_code, done.headers["Location"]) == (303, "/")
    assert "Your account is closed" in signed_in.get("/").text
    assert signed_in.get("/dashboard").headers["Location"].startswith("/login")


def test_a_nominee_is_named_changed_and_taken_off(signed_in: Visitor, saver: Saver) -> None:
    values = {"name": "Sita Devi", "relation": "mother", "born_on": "1970-05-01", "guardian": "", "phone": "",
              "email": ""}  # fmt: skip
    young = signed_in.send("/profile/nominee", **values | {"born_on": "2020-01-01", "relation": "son"})
    assert (young.status_code, "name a grown-up" in young.text) == (422, True)
    assert signed_in.send("/profile/nominee", **values | {"name": ""}).status_code == 422
    assert signed_in.send("/profile/nominee", **values).status_code == 303
    held = saver.get("/api/profile/nominee/").json["nominee"]
    assert (held["name"], held["relation"], held["share"], held["guardian"]) == ("Sita Devi", "mother", 100, None)
    assert 'value="Sita Devi"' in signed_in.get("/profile/nominee").text
    for _ in range(2):
        assert signed_in.send("/profile/nominee/remove", form="/profile/nominee").status_code == 303
    assert saver.get("/api/profile/nominee/").status_code == 404


def test_terms_and_notice_are_there_for_everybody_in_both_languages(visitor: Visitor) -> None:
    page = visitor.get("/signup").text
    assert 'href="/terms"' in page
    assert 'href="/privacy"' in page
    for path in ("/terms", "/privacy"):
        assert visitor.get(path).status_code == 200
        assert visitor.get(f"{path}?version=1").status_code == 200
        assert visitor.get(f"{path}?version=99").status_code == 404
        assert visitor.get(f"{path}?version=../x").status_code == 404
    assert "What we hold" in visitor.get("/privacy").text


@pytest.fixture
def before(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Saver:
    """A saver who agreed to the first terms, before there were new ones; their words are those of the first."""
    saver = factories.make_saver(app)
    monkeypatch.setitem(policies.VERSIONS, "terms", (*policies.VERSIONS["terms"], Version("2", date(2026, 1, 1))))
    monkeypatch.setattr(policies, "template", lambda policy, number, language: f"policies/en/{policy}-1.txt")
    return saver


def test_a_new_version_is_asked_about_once_and_agreeing_is_kept(visitor: Visitor, before: Saver) -> None:
    visitor.log_in(before.email)
    asked = visitor.get("/dashboard")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/agree?next=/dashboard")
    page = visitor.get("/agree?next=/jars").text
    assert 'href="/terms"' in page
    assert 'href="/privacy"' not in page
    assert "Something has changed" in page
    # What nobody waits with.
    for path in ("/profile/data", "/profile/erase", "/support"):
        assert visitor.get(path).status_code == 200
    done = visitor.send("/agree?next=/jars", answer="yes")
    assert (done.status_code, done.headers["Location"]) == (303, "/jars")
    assert visitor.get("/dashboard").headers.get("Location") is None
    (said,) = [one for one in before.get("/api/profile/consents/").json["items"] if one["purpose"] == "terms"]
    assert (said["version"], said["how"], said["due"]) == ("2", "asked", False)


def test_who_puts_it_off_goes_on_and_is_asked_at_the_next_sign_in(visitor: Visitor, before: Saver) -> None:
    visitor.log_in(before.email)
    assert visitor.send("/agree?next=/dashboard", answer="later").status_code == 303
    assert visitor.get("/dashboard").status_code == 200
    assert visitor.get("/agree").status_code == 303  # nothing to ask any more
    visitor.send("/logout", form="/profile")
    visitor.log_in(before.email)
    assert visitor.get("/dashboard").status_code == 303


def test_a_file_so_many_times_an_hour(new_app: Callable[..., Flask]) -> None:
    app = new_app(RATELIMIT_ENABLED="1", RATELIMIT_EXPORT="1 per hour")
    saver = factories.make_saver(app)
    answers = [saver.get("/api/profile/export/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "Retry-After" in answers[1].headers
