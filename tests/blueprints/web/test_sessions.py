"""The cookie of a session is written by whoever changed it, and by nobody else."""

from __future__ import annotations

import pytest
from flask import Flask

from tests import factories
from tests.blueprints.web.conftest import Visitor


@pytest.mark.parametrize("path", ["/static/css/tokens.css", "/offline", "/score"])
def test_an_answer_that_changes_nothing_leaves_the_cookie_alone(app: Flask, path: str) -> None:
    """Files arrive beside a form's answer: with a cookie of their own they would take back what it says once."""
    visitor = Visitor(app)
    visitor.log_in(factories.make_saver(app).email)
    visitor.get("/score")
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers.getlist("Set-Cookie") == []
