"""The audit log, searched by administrators, and the proof of one entry."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.services.audit import log as audit
from app.transactions import fetch, run
from tests.attacks.walking import Person
from tests.conftest import Clock


def entry(app: Flask, owner: Person, clock: Clock, action: str = "seen") -> int:
    with app.app_context():
        run(lambda: audit.record(action, subject_type="user", subject_id=owner.saver.id, at=clock.now(),
                                 details={"amount": 5000, "why": "<b>"}))  # fmt: skip
        return int(run(lambda: fetch("SELECT last_id FROM audit_head"))[0][0])


def listed(person: Person, query: str) -> list[int]:
    answer = person.browser.get(f"/ops/audit/?{query}")
    assert answer.status_code == 200, query
    return [int(id_) for id_ in re.findall(r'href="/ops/audit/(\d+)/"', answer.text)]


def test_entries_are_found_by_what_they_are_about(app: Flask, admin: Person, owner: Person, clock: Clock) -> None:
    first = entry(app, owner, clock)
    clock.advance(days=2)
    second = entry(app, owner, clock, "noted")
    about = f"subject_type=user&subject={owner.saver.id}"
    assert listed(admin, about) == [second, first]
    assert listed(admin, f"{about}&action=seen") == [first]
    assert listed(admin, f"{about}&role=system") == [second, first]
    assert listed(admin, f"{about}&from=2026-07-17") == [second]
    assert listed(admin, f"{about}&to=2026-07-15") == [first]
    assert listed(admin, f"{about}&actor={admin.saver.id}") == []
    exported = admin.browser.post(f"/ops/audit/export?{about}", data={"csrf_token": admin.form_token})
    assert (exported.mimetype, len(exported.text.splitlines())) == ("text/csv", 3)


@pytest.mark.parametrize(
    "query", ["subject=1", "action=nothing", "subject_type=nothing", "role=boss", "actor=me", "sort=at", "details=x",
              "from=2026-02-02&to=2026-01-01"],
)  # fmt: skip
def test_what_the_log_does_not_know_is_refused(admin: Person, query: str) -> None:
    assert admin.browser.get(f"/ops/audit/?{query}").status_code == 400


def test_an_entry_shows_its_details_and_its_place(app: Flask, admin: Person, owner: Person, clock: Clock) -> None:
    id_ = entry(app, owner, clock)
    html = admin.browser.get(f"/ops/audit/{id_}/").text
    assert "Its hash follows" in html
    assert "&lt;b&gt;" in html
    assert f"/ops/users/{owner.saver.id}/" in html
    assert admin.browser.get("/ops/audit/987654321/").status_code == 404


def test_the_log_is_for_administrators(support: Person, owner: Person) -> None:
    for path in ("/ops/audit/", "/ops/audit/1/", "/ops/settings/"):
        assert support.browser.get(path).status_code == 403
        assert owner.browser.get(path).status_code == 404
    assert "/ops/audit/" not in support.browser.get("/ops/").text
