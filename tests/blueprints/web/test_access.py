from uuid import uuid4

import pytest

from app.blueprints.web.access import local_path

LEVELS = {"public", "refresh", "saver", "support", "admin"}
PAGES = ("web_landing.", "web_identity.", "web_savings.", "web_movements.", "web_statements.")


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(PAGES)]


def test_every_page_declares_its_access(app):
    assert len(rules(app)) >= 13
    for rule in rules(app):
        assert getattr(app.view_functions[rule.endpoint], "access", None) in LEVELS, rule


def test_every_page_that_is_not_public_sends_strangers_to_the_sign_in(app):
    client = app.test_client()
    for rule in rules(app):
        if app.view_functions[rule.endpoint].access == "public" or "GET" not in rule.methods:
            continue
        path = rule.rule.replace("<uuid:jar_id>", str(uuid4()))
        answer = client.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login"), path


def test_every_form_needs_its_token(app, asha):
    for rule in rules(app):
        if "POST" not in rule.methods:
            continue
        path = rule.rule.replace("<uuid:jar_id>", str(uuid4()))
        for carried in ({}, {"csrf_token": "made-up"}):
            answer = asha.client.post(path, data=carried)
            assert answer.status_code == 400, path
            assert "This form has gone stale" in answer.text
            assert "Nothing was changed." in answer.text


def test_a_stale_form_leads_to_a_fresh_one(asha):
    assert 'href="/jars/new"' in asha.client.post("/jars/new").text
    assert 'href="/"' in asha.client.post("/logout").text


@pytest.mark.parametrize("text", ["/", "/jars", "/jars/new?a=b&c=%20", "/dashboard?"])
def test_paths_of_our_own(text):
    assert local_path(text) == text.removesuffix("?")


@pytest.mark.parametrize(
    "text", [None, "", "jars", "//x", "/\\x", "/a\\b", "/a b", "/\n", "/\u2028", "http://x/", "/" + "a" * 600]
)
def test_paths_that_are_not(text):
    assert local_path(text) is None
