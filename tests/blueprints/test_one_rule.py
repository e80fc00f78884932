"""Roles are judged by one piece of code: whoever changes it changes API, pages and console at once."""

from __future__ import annotations

import pytest
from flask import Flask

from app.blueprints import access
from tests.attacks.walking import make_person


def test_api_and_console_ask_the_same_rule(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    support = make_person(app, "support")
    assert support.browser.get("/ops/users/").status_code == 200
    assert support.saver.get("/api/admin/users/").status_code == 200
    monkeypatch.setitem(access.ALLOWED, "support", frozenset({"admin"}))
    assert support.browser.get("/ops/users/").status_code == 403
    assert support.saver.get("/api/admin/users/").status_code == 403
    monkeypatch.setitem(access.ALLOWED, "saver", frozenset({"admin"}))
    assert support.browser.get("/dashboard").status_code == 403
    assert support.saver.get("/api/jars/").status_code == 403
