"""Large files of transactions: ordered where the list is too long, written by the worker, fetched by a short link."""

from __future__ import annotations

import csv
import io
import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.blueprints.ops.transactions import TransactionsView
from app.services.ops import exports
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import queue, run
from tests.attacks.walking import make_person


def set_to(app: Flask, how: str) -> None:
    with app.app_context():
        run(lambda: queue(f"UPDATE job_runs SET {how} WHERE kind = %s", (exports.KIND,)))


def test_ordered_followed_and_fetched(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    own_app = new_app()
    monkeypatch.setattr(TransactionsView, "export_most", 2)
    support, colleague, owner = (make_person(own_app, role) for role in ("support", "support", "saver"))
    jar = owner.saver.jar()
    for amount in ("10", "20", "30"):
        owner.saver.deposit(jar, amount)
    form = {"csrf_token": support.form_token}
    asked = f"user={owner.saver.id}&at_least=10&type=deposit&from=2020-01-02&to=2040-12-31"

    def order() -> Any:
        return support.browser.post(f"/ops/transactions/export?{asked}", data=form)

    assert "No file yet" in support.browser.get("/ops/exports/").text
    answer = order()
    assert (answer.status_code, answer.location) == (303, "/ops/exports/")
    html = support.browser.get("/ops/exports/").text
    for text in ("being written", "data-live", "waits for its turn",
                 "deposit, at least ₹10, from 2020-01-02, to 2040-12-31"):  # fmt: skip
        assert text in html, text
    assert order().location == "/ops/exports/"
    assert "Another file is being written" in support.browser.get("/ops/exports/").text
    set_to(own_app, "status = 'running', done = 1, total = 3")
    assert re.search(r'<progress max="100" value="33"', support.browser.get("/ops/exports/").text)
    set_to(own_app, "status = 'queued'")
    with own_app.app_context():
        assert perform(JOBS[exports.KIND]).state == "done"
    html = support.browser.get("/ops/exports/").text
    assert "data-live" not in html
    link = re.search(r'href="(/ops/exports/[0-9a-f-]{36}/file)"', html)
    assert link is not None
    opened = support.browser.get(link[1])
    assert (opened.status_code, "X-Amz-Expires=60" in opened.location) == (303, True)
    with urllib.request.urlopen(opened.location, timeout=10) as file:
        assert len(list(csv.reader(io.StringIO(file.read().decode())))) == 4
    # It is its owner's alone: to everybody else there is none.
    stranger = colleague.browser.get(link[1])
    assert (stranger.status_code, stranger.location) == (303, "/ops/exports/")
    assert "There is no such file" in colleague.browser.get("/ops/exports/").text
    assert link[1] not in colleague.browser.get("/ops/exports/").text
