"""A nominee: one person for all of it, of age or with somebody who is, and the saver's to change."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.services.audit import log as audit
from app.transactions import fetch, run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

WHOLE = {"name": " Sita  Devi ", "relation": "mother", "date_of_birth": "1970-05-01", "phone": "98765 43211",
         "email": "sita@example.com"}  # fmt: skip


def put(saver: Saver, **more: Any) -> Any:
    return saver.call("PUT", "/api/profile/nominee/", WHOLE | more)


def test_named_changed_and_taken_back(saver: Saver, clock: Clock) -> None:
    assert saver.get("/api/profile/nominee/").status_code == 404
    made = put(saver)
    assert made.status_code == 200
    assert made.json["nominee"] == {
        "name": "Sita Devi", "relation": "mother", "date_of_birth": "1970-05-01", "guardian": None,
        "phone": "+919876543211", "email": "sita@example.com", "share": 100, "changed_at": "2026-07-15T06:30:00.000Z",
    }  # fmt: skip
    assert put(saver, name="Ram Devi", phone=None).json["nominee"]["name"] == "Ram Devi"
    assert saver.get("/api/profile/nominee/").json["nominee"]["phone"] is None
    assert saver.call("DELETE", "/api/profile/nominee/").status_code == 204
    assert saver.call("DELETE", "/api/profile/nominee/").status_code == 404


@pytest.mark.parametrize(
    ("born", "guardian", "status", "kept"),
    [
        ("2008-07-15", None, 200, None),  # 18 today
        ("2008-07-16", None, 422, None),
        ("2008-07-16", "Ram Devi", 200, "Ram Devi"),
        ("2000-01-01", "Ram Devi", 200, None),  # of age: nobody stands in for them
        ("2026-07-15", "Ram Devi", 200, "Ram Devi"),  # born today
        ("2026-07-16", "Ram Devi", 422, None),
        ("1905-12-31", None, 422, None),
    ],
)
def test_who_is_not_of_age_needs_a_grown_up(
    saver: Saver, clock: Clock, born: str, guardian: str | None, status: int, kept: str | None
) -> None:
    answer = put(saver, date_of_birth=born, guardian=guardian)
    assert answer.status_code == status
    if status == 200:
        assert answer.json["nominee"]["guardian"] == kept
    else:
        assert set(answer.json["errors"]) <= {"guardian", "date_of_birth"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "  "}, {"relation": "friend"}, {"date_of_birth": "1970-02-30"}, {"phone": "12"}, {"email": "x"},
        {"share": 50}, {"name": "a\u0000b"}, {"date_of_birth": None},
    ],
)  # fmt: skip
def test_what_cannot_be(saver: Saver, wrong: dict[str, Any]) -> None:
    assert put(saver, **wrong).status_code == 422
    assert saver.get("/api/profile/nominee/").status_code == 404


@pytest.mark.usefixtures("context")
def test_each_change_is_in_the_log_without_a_name(app: Flask, saver: Saver) -> None:
    put(saver)
    saver.call("DELETE", "/api/profile/nominee/")
    rows = run(
        lambda: fetch("SELECT action, details::text FROM audit_log WHERE subject_id = %s ORDER BY id", (str(saver.id),))
    )
    assert rows == [("nominee_named", "{}"), ("nominee_removed", "{}")]
    assert run(lambda: list(audit.verify())) == []


def test_somebody_elses_is_nobodys(app: Flask, saver: Saver) -> None:
    put(saver)
    assert factories.make_saver(app).get("/api/profile/nominee/").status_code == 404
