"""The inbox through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app.services.notifications.notices import write
from app.transactions import run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

Tell = Callable[..., UUID]


@pytest.fixture
def tell(app: Flask, saver: Saver, clock: Clock) -> Tell:
    """Tell the saver (or another) that a pot of ``target`` is full; the notice's id."""

    def told(target: int = 500_000, *, of: UUID | None = None, seen: bool = False) -> UUID:
        facts = {"jar_id": str(uuid4()), "jar": "Bicycle", "target": target}
        with app.app_context():
            return run(lambda: write(of or saver.id, "target_reached", facts, at=clock.now(), seen=seen))

    return told


def items(saver: Saver, query: str = "") -> list[dict[str, Any]]:
    answer = saver.get(f"/api/notifications/{query}")
    assert answer.status_code == 200, answer.json
    found: list[dict[str, Any]] = answer.json["items"]
    return found


@pytest.mark.usefixtures("clock")
def test_an_empty_inbox(saver: Saver) -> None:
    assert saver.get("/api/notifications/").json == {"items": [], "next_cursor": None}


def test_a_notice_says_what_happened_and_where_it_leads(saver: Saver, tell: Tell) -> None:
    notice = tell()
    ((shown),) = items(saver)
    jar = shown.pop("action")
    assert (jar["label"], jar["path"].startswith("/jars/")) == ("See the jar", True)
    assert "₹5,000" in shown.pop("title")
    assert shown.pop("text").endswith(".")
    assert shown == {
        "id": str(notice), "kind": "target_reached", "created_at": "2026-07-15T06:30:00.000Z", "read_at": None,
    }  # fmt: skip


def test_it_speaks_the_readers_language(app: Flask, clock: Clock) -> None:
    sunita = factories.make_saver(app, language="hi")
    assert sunita.deposit(sunita.jar(), "50").status_code == 201
    assert any("\u0900" <= letter <= "\u097f" for letter in items(sunita)[0]["title"])


def test_a_deposit_stands_in_it_and_is_not_new(saver: Saver, clock: Clock) -> None:
    saver.deposit(saver.jar(), "50")
    kinds = {one["kind"]: one["read_at"] for one in items(saver)}
    assert kinds == {"deposit_received": "2026-07-15T06:30:00.000Z", "badge_earned": "2026-07-15T06:30:00.000Z"}
    assert items(saver, "?unread=true") == []


def test_pages_go_back_to_the_first_while_new_ones_come(saver: Saver, tell: Tell, clock: Clock) -> None:
    made = []
    for number in range(1, 8):
        made.append(str(tell(number * 100)))
        clock.advance(minutes=1)
    seen, cursor = [], ""
    while True:
        answer = saver.get(f"/api/notifications/?limit=3{cursor}").json
        seen += [one["id"] for one in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
        tell()
    assert seen == made[::-1]


def test_unread_ones_alone(saver: Saver, tell: Tell) -> None:
    old, read = tell(), tell(seen=True)
    new = tell()
    assert [one["id"] for one in items(saver, "?unread=true")] == [str(new), str(old)]
    assert [one["id"] for one in items(saver, "?unread=false")] == [str(new), str(read), str(old)]
    first = saver.get("/api/notifications/?unread=true&limit=1").json
    assert first["items"][0]["id"] == str(new)
    assert [one["id"] for one in items(saver, f"?unread=true&cursor={first['next_cursor']}")] == [str(old)]
    assert saver.get(f"/api/notifications/?cursor={first['next_cursor']}").json["code"] == "invalid_cursor"


@pytest.mark.parametrize("value", ["1", "yes", "True", "", "null"])
def test_a_question_that_is_none(saver: Saver, value: str) -> None:
    answer = saver.get(f"/api/notifications/?unread={value}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["unread"])


def test_reading_is_kept_from_the_first_time_on(saver: Saver, tell: Tell, clock: Clock) -> None:
    notice = tell()
    clock.set(datetime(2026, 7, 16, tzinfo=UTC))
    assert saver.post(f"/api/notifications/{notice}/read/").status_code == 204
    clock.advance(hours=1)
    again = saver.post(f"/api/notifications/{notice}/read/")
    assert (again.status_code, again.data) == (204, b"")
    assert items(saver)[0]["read_at"] == "2026-07-16T00:00:00.000Z"


def test_somebody_elses_is_as_one_that_is_not(app: Flask, saver: Saver, tell: Tell) -> None:
    other = factories.make_saver(app)
    notice = tell(of=other.id)
    for id_ in (notice, uuid4()):
        answer = saver.post(f"/api/notifications/{id_}/read/")
        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert items(saver) == []
    assert items(other)[0]["read_at"] is None
    cursor = _cursor_of(other, tell)
    assert saver.get(f"/api/notifications/?cursor={cursor}").json["code"] == "invalid_cursor"


def _cursor_of(other: Saver, tell: Tell) -> str:
    tell(of=other.id)
    cursor: str = other.get("/api/notifications/?limit=1").json["next_cursor"]
    return cursor
