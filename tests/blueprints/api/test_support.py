"""Asking for help over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.blueprints.api.schemas.support import SupportRequestSchema
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

PATH = "/api/support-requests/"
BODY = {"subject": "My score", "text": "A week is missing.\nI put money in on the 12th."}


def test_a_request_has_a_reference_a_day_and_a_name(saver: Saver, clock: Clock) -> None:
    answer = saver.post(PATH, BODY | {"about": {"kind": "score"}})
    assert answer.status_code == 201
    made = answer.json
    assert list(made) == list(SupportRequestSchema().fields)
    assert made["reference"].startswith("CH-")
    assert len(made["reference"]) == 12
    assert made["answer_by"] == "2026-07-22"
    assert made["officer"] == {
        "name": "Nobody yet (an installation for development)",
        "email": "grievances@chhota.invalid",
        "phone": "+91 00000 00000",
    }
    assert (made["status"], made["answer"], made["about"]) == ("open", None, {"kind": "score", "id": None})
    assert saver.get(PATH).json == {"items": [made], "next_cursor": None}


def test_about_a_movement_of_one_s_own_alone(app: Flask, saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    movement = saver.deposit(jar, "50").json["transaction"]["id"]
    own = saver.post(PATH, BODY | {"about": {"kind": "transaction", "id": movement}})
    assert (own.status_code, own.json["about"]["id"]) == (201, movement)
    other = factories.make_saver(app)
    answers = {
        (answer.status_code, answer.json["code"], answer.json["detail"])
        for person, kind, id_ in (
            (other, "transaction", movement),
            (other, "transaction", str(uuid4())),
            (saver, "loan", str(uuid4())),
        )
        for answer in [person.post(PATH, BODY | {"about": {"kind": kind, "id": id_}})]
    }
    assert {answer[:2] for answer in answers} == {(404, "not_found")}
    assert len(answers) == 1
    assert other.get(PATH).json["items"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 121}, "subject"),
        ({"subject": "two\nlines"}, "subject"),
        ({"text": " "}, "text"),
        ({"text": "x" * 4_001}, "text"),
        ({"text": "a\u0000b"}, "text"),
        ({"about": {"kind": "weather"}}, "about"),
        ({"about": {"kind": "transaction"}}, "about"),
        ({"about": {"kind": "score", "id": str(uuid4())}}, "about"),
        ({"about": "score"}, "about"),
        ({"officer": "me"}, "officer"),
    ],
)
def test_what_cannot_be_taken(saver: Saver, change: dict[str, Any], field: str) -> None:
    answer = saver.post(PATH, BODY | change)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert [name.partition(".")[0] for name in answer.json["errors"]] == [field]
    assert saver.get(PATH).json["items"] == []


def test_the_list_goes_on(saver: Saver, clock: Clock) -> None:
    for number in range(5):
        assert saver.post(PATH, BODY | {"subject": f"No. {number}"}).status_code == 201
        clock.advance(minutes=1)
    first = saver.get(f"{PATH}?limit=3").json
    second = saver.get(PATH, query_string={"limit": 3, "cursor": first["next_cursor"]}).json
    assert [item["subject"] for item in first["items"] + second["items"]] == [f"No. {n}" for n in (4, 3, 2, 1, 0)]
    assert second["next_cursor"] is None


def test_so_many_an_hour_for_each_saver(new_app: Callable[..., Flask]) -> None:
    app = new_app(RATELIMIT_ENABLED="1", RATELIMIT_SUPPORT="2 per hour")
    saver = factories.make_saver(app)
    assert [saver.post(PATH, BODY).status_code for _ in range(3)] == [201, 201, 429]
    assert saver.get(PATH).status_code == 200
    assert factories.make_saver(app).post(PATH, BODY).status_code == 201
