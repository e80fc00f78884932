"""Jars and movements as a client sees them: every answer, every refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

MONEY = re.compile(r"\d+\.\d\d")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
JAR = [
    "id", "name", "plan_type", "target_amount", "current_amount", "currency", "start_date", "end_date", "streak_count",
    "installment_amount", "status", "progress", "projected_completion_date", "on_track", "auto_deposit", "created_at",
]  # fmt: skip
TRANSACTION = [
    "id", "jar_id", "type", "amount", "currency", "date", "occurred_at", "balance_after", "note", "reversal_of",
    "status",
]  # fmt: skip


def refused(answer: Any, status: int, code: str, *fields: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert set(answer.json.get("errors", {})) == set(fields), answer.json


def balance(saver: Saver, jar: str) -> str:
    amount: str = saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"]
    return amount


# ---- answers ----


def test_a_new_jar(saver: Saver, clock: Clock) -> None:
    answer = saver.post(
        "/api/jars/",
        {
            "name": "Bicycle 🚲", "plan_type": "weekly", "target_amount": "5000.5", "installment_amount": 100,
            "start_date": "2026-07-20", "end_date": "2026-12-31", "auto_deposit": {"amount": "100", "day": 1},
        },
    )  # fmt: skip
    assert (answer.status_code, list(answer.json)) == (201, ["jar"])
    jar = answer.json["jar"]
    assert list(jar) == JAR
    assert UUID(jar["id"])
    assert jar == {
        "id": jar["id"],
        "name": "Bicycle 🚲",
        "plan_type": "weekly",
        "target_amount": "5000.50",
        "current_amount": "0.00",
        "currency": "INR",
        "start_date": "2026-07-20",
        "end_date": "2026-12-31",
        "streak_count": 0,
        "installment_amount": "100.00",
        "status": "active",
        "progress": 0.0,
        "projected_completion_date": None,
        "on_track": True,
        "auto_deposit": {"amount": "100.00", "day": 1, "paused": False},
        "created_at": "2026-07-15T06:30:00.000Z",
    }
    assert saver.get(f"/api/jars/{jar['id']}/").json == answer.json
    assert saver.get("/api/jars/").json == {"items": [jar], "next_cursor": None}


def test_a_deposit(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    answer = saver.deposit(jar, "50", note="bus fare saved")
    assert answer.status_code == 201
    assert list(answer.json) == ["jar", "transaction", "streak", "badges_earned"]
    assert answer.headers["Content-Type"] == "application/json"
    transaction = answer.json["transaction"]
    assert list(transaction) == TRANSACTION
    assert transaction == {
        "id": transaction["id"],
        "jar_id": jar,
        "type": "deposit",
        "amount": "50.00",
        "currency": "INR",
        "date": "2026-07-15",
        "occurred_at": "2026-07-15T06:30:00.000Z",
        "balance_after": "50.00",
        "note": "bus fare saved",
        "reversal_of": None,
        "status": "posted",
    }
    assert answer.json["jar"] == saver.get(f"/api/jars/{jar}/").json["jar"]
    assert answer.json["streak"] == {
        "jar_id": jar, "plan_type": "daily", "current": 1, "longest": 1, "at_risk": False, "due_by": "2026-07-16",
    }  # fmt: skip
    assert answer.json["badges_earned"] == [
        {
            "badge_type": "first_deposit",
            "title": "First coin",
            "description": "You put something aside for the first time.",
            "earned_at": "2026-07-15T06:30:00.000Z",
            "image": "/static/badges/first_deposit.svg",
            "jar_id": None,
        }
    ]
    assert saver.deposit(jar, "1").json["badges_earned"] == []
    second = saver.deposit(saver.jar(), "1").json["badges_earned"]
    assert [badge["badge_type"] for badge in second] == ["second_pot"]  # the first coin once per saver, not per jar


def test_a_withdrawal(saver: Saver, clock: Clock) -> None:
    jar = saver.jar()
    saver.deposit(jar, "50")
    answer = saver.withdraw(jar, "49.99")
    assert answer.status_code == 201
    assert list(answer.json) == ["jar", "transaction", "streak", "badges_earned"]
    assert {name: answer.json["transaction"][name] for name in ("type", "amount", "balance_after", "note")} == {
        "type": "withdraw", "amount": "49.99", "balance_after": "0.01", "note": None,
    }  # fmt: skip
    assert answer.json["jar"]["current_amount"] == "0.01"
    refused(saver.withdraw(jar, "0.02"), 409, "insufficient_funds")
    assert saver.withdraw(jar, "0.01").status_code == 201


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("250", "250.00"), ("250.5", "250.50"), ("250.00", "250.00"), (250, "250.00"), ("0.01", "0.01"), ("007", "7.00")],
)
def test_amounts_a_client_may_write(saver: Saver, sent: Any, kept: str) -> None:
    assert saver.deposit(saver.jar(), sent).json["transaction"]["amount"] == kept


def test_histories_are_newest_first_and_filtered(saver: Saver, clock: Clock) -> None:
    bicycle, phone = saver.jar(), saver.jar()
    ids = []
    for jar, kind, amount in ((bicycle, "deposit", "5"), (phone, "deposit", "6"), (bicycle, "withdraw", "2")):
        ids.append(getattr(saver, kind)(jar, amount).json["transaction"]["id"])
        clock.advance(days=1)

    def listed(path: str) -> list[str]:
        answer = saver.get(path)
        assert answer.status_code == 200
        assert list(answer.json) == ["items", "next_cursor"]
        assert all(list(item) == TRANSACTION for item in answer.json["items"])
        return [item["id"] for item in answer.json["items"]]

    assert listed("/api/transactions/") == ids[::-1]
    assert listed(f"/api/jars/{bicycle}/transactions/") == [ids[2], ids[0]]
    assert listed("/api/transactions/?type=withdraw") == [ids[2]]
    assert listed("/api/transactions/?from=2026-07-16") == [ids[2], ids[1]]
    assert listed("/api/transactions/?to=2026-07-16") == [ids[1], ids[0]]
    assert listed("/api/transactions/?from=2026-07-16&to=2026-07-16&type=deposit") == [ids[1]]
    assert listed(f"/api/jars/{phone}/transactions/?type=withdraw") == []


@pytest.mark.parametrize("path", ["/api/jars/", "/api/transactions/"])
def test_pages_hold_still_while_rows_are_added(saver: Saver, clock: Clock, path: str) -> None:
    jars = [saver.jar() for _ in range(5)]
    for _ in range(2):
        saver.deposit(jars[0], "1")  # two at one instant
    clock.advance(seconds=1)
    for _ in range(3):
        saver.deposit(jars[0], "1")
    whole = [item["id"] for item in saver.get(f"{path}?limit=100").json["items"]]
    assert len(whole) == 5
    seen, cursor = [], None
    while True:
        answer = saver.get(path + "?limit=2" + (f"&cursor={cursor}" if cursor else "")).json
        assert len(answer["items"]) <= 2
        seen += [item["id"] for item in answer["items"]]
        if path == "/api/transactions/":
            clock.advance(seconds=1)
            saver.deposit(jars[0], "1")  # newer than the first page: no page may repeat or lose a row for it
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == whole


def test_the_page_that_ends_just_at_the_end_says_so(saver: Saver) -> None:
    for _ in range(2):
        saver.jar()
    assert saver.get("/api/jars/?limit=2").json["next_cursor"] is None
    assert saver.get("/api/jars/?limit=1").json["next_cursor"] is not None


def test_twenty_rows_where_no_limit_is_given(saver: Saver) -> None:
    for _ in range(21):
        saver.jar()
    answer = saver.get("/api/jars/").json
    assert (len(answer["items"]), answer["next_cursor"] is None) == (20, False)


# ---- refusals ----


@pytest.mark.parametrize("kind", ["deposit", "withdraw"])
@pytest.mark.parametrize(
    "amount",
    [0, -1, 1.5, 250.0, "1.005", True, False, 1e30, "१००", "0", "0.00", "-5", "+5", " 5", "5 ", "1e3", "1_000", "1,000",
     "NaN", "Infinity", "", None, [], {}, ["5"], "5.", ".5", "1000000.01", 1000001, 10**19, 10**25, "9" * 40, "0x10",
     "５０", "₹50", "50\u200b", "5\x00"],
)  # fmt: skip
def test_what_is_not_an_amount_moves_nothing(saver: Saver, kind: str, amount: Any) -> None:
    jar = saver.jar()
    saver.deposit(jar, "70")
    refused(getattr(saver, kind)(jar, amount), 422, "validation_error", "amount")
    assert balance(saver, jar) == "70.00"


def test_the_largest_amount(new_app: Callable[..., Flask]) -> None:
    saver = factories.make_saver(new_app(UNVERIFIED_HELD_CAP_MINOR="1000000000"))
    assert saver.deposit(saver.jar(), "1000000.00").status_code == 201


@pytest.mark.parametrize("kind", ["deposit", "withdraw"])
@pytest.mark.parametrize("jar_id", ["", "x", 1, None, "0", ["a"], "01a20342-b4fa-74fb-9202", {"id": 1}])
def test_what_is_not_a_jars_id(saver: Saver, kind: str, jar_id: Any) -> None:
    refused(getattr(saver, kind)(jar_id, "5"), 422, "validation_error", "jar_id")


@pytest.mark.parametrize("kind", ["deposit", "withdraw"])
@pytest.mark.parametrize("note", ["", "   ", "a" * 201, "a\x00b", "\ud800", 5, ["x"], "two\nlines"])
def test_a_note_that_is_not_text(saver: Saver, kind: str, note: Any) -> None:
    jar = saver.jar()
    refused(getattr(saver, kind)(jar, "5", note=note), 422, "validation_error", "note")
    assert balance(saver, jar) == "0.00"


def test_a_note_of_any_script_is_kept(saver: Saver) -> None:
    jar = saver.jar()
    for note in ("चाय के पैसे", "<script>alert(1)</script>", "'; DROP TABLE users; --", "%s %(x)s {0}", "😀" * 200, None):
        assert saver.deposit(jar, "1", note=note).json["transaction"]["note"] == note


@pytest.mark.parametrize("kind", ["deposit", "withdraw"])
def test_a_foreign_jar_is_as_one_that_is_not_there(app: Flask, saver: Saver, kind: str) -> None:
    stranger = factories.make_saver(app)
    theirs = stranger.jar()
    stranger.deposit(theirs, "100")
    answers = [getattr(saver, kind)(jar, "5") for jar in (theirs, str(uuid4()))]
    for answer in answers:
        refused(answer, 404, "not_found")
    assert len({str(answer.json | {"request_id": ""}) for answer in answers}) == 1
    assert balance(stranger, theirs) == "100.00"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", value) for value in ("", "   ", "\u2800", "a" * 61, "a" * 10_000, None, 7, "a\x00", "two\nlines")],
        *[("plan_type", value) for value in ("yearly", "", "Daily", None, 1, ["daily"])],
        *[("target_amount", value) for value in (0, "0", -1, 1.5, None, "", "1e5", "1000000.01", True)],
        *[("installment_amount", value) for value in (0, "-1", 0.5, "")],
        *[("start_date", value) for value in ("", "tomorrow", "2026-02-30", "20260715", 0, "2026-07-15T00:00:00Z",
                                              "0001-01-01", "9999-12-31", True)],
        *[("end_date", value) for value in ("", "2026-13-01", "1900-01-01", "2199-12-31", 1.5)],
        *[("auto_deposit", value) for value in ("yes", 1, [], {}, {"amount": "0"}, {"amount": "5", "day": 1.5},
                                                {"amount": "5", "source": "x"}, {"day": 3})],
        ("current_amount", "1000"), ("status", "completed"),
        ("user_id", "5d4bd1b0-7a3c-4c39-9a34-3b0d3a1f2c11"), ("streak_count", 99),
    ],
)  # fmt: skip
def test_a_jar_that_cannot_be(saver: Saver, field: str, value: Any) -> None:
    body = {"name": "B", "plan_type": "weekly", "target_amount": "50"}
    answer = saver.post("/api/jars/", body | {field: value})
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert {name.partition(".")[0] for name in answer.json["errors"]} == {field}
    assert saver.get("/api/jars/").json["items"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", None), ("target_amount", "0"), ("target_amount", None), ("plan_type", "daily"),
     ("start_date", "2026-01-01"), ("current_amount", "1"), ("status", "closed"), ("completed_on", "2026-01-01"),
     ("end_date", "x"), ("auto_deposit", {"amount": 0})],
)  # fmt: skip
def test_a_change_that_cannot_be(saver: Saver, field: str, value: Any) -> None:
    jar = saver.jar()
    before = saver.get(f"/api/jars/{jar}/").json
    answer = saver.call("PATCH", f"/api/jars/{jar}/", {"name": "Changed", field: value})
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert saver.get(f"/api/jars/{jar}/").json == before


@pytest.mark.parametrize("path", ["/api/jars/", "/api/transactions/", "/api/jars/{jar}/transactions/"])
@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=-1", "limit"), ("limit=0", "limit"), ("limit=101", "limit"), ("limit=1.5", "limit"), ("limit=x", "limit"),
     ("limit=", "limit"), ("limit=%D9%A1", "limit"), ("limit=1&limit=2", "limit"), ("limit=1e1", "limit"),
     ("limit=99999999999999999999999", "limit"), ("offset=1", "offset"), ("cursor=%00", "cursor"),
     ("user_id=1", "user_id")],
)  # fmt: skip
def test_a_page_that_cannot_be(saver: Saver, path: str, query: str, field: str) -> None:
    refused(saver.get(f"{path.format(jar=saver.jar())}?{query}"), 422, "validation_error", field)


@pytest.mark.parametrize(
    "query",
    ["type=loan", "type=", "type=deposit&type=withdraw", "from=2026-1-1", "to=today", "from=", "from=2026-02-30",
     "to=0001-01-01", "since=2026-01-01", "until=2026-01-01"],
)  # fmt: skip
def test_a_filter_that_cannot_be(saver: Saver, query: str) -> None:
    refused(saver.get(f"/api/transactions/?{query}"), 422, "validation_error", query.partition("=")[0])


def test_a_forged_cursor_is_refused(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    for _ in range(3):
        saver.deposit(jar, "1")
    stranger = factories.make_saver(app)
    for _ in range(2):
        stranger.jar()
    good = saver.get("/api/transactions/?limit=1").json["next_cursor"]
    assert saver.get(f"/api/transactions/?limit=1&cursor={good}").status_code == 200
    foreign = stranger.get("/api/jars/?limit=1").json["next_cursor"]
    body, end = good[:-22], good[-22:]
    forged = [
        "x",
        "a.b",
        ".",
        "%F0%9F%98%80",
        f"{body}x{end}",
        f"{body}{end[:-2]}",
        body,
        foreign,
    ]
    for cursor in forged:
        refused(saver.get(f"/api/transactions/?cursor={cursor}"), 400, "invalid_cursor")
    # The cursor of another list: other filters, one jar instead of all, jars instead of movements.
    for path in (f"/api/transactions/?type=deposit&cursor={good}", f"/api/jars/{jar}/transactions/?cursor={good}",
                 f"/api/jars/?cursor={good}"):  # fmt: skip
        refused(saver.get(path), 400, "invalid_cursor")
    refused(stranger.get(f"/api/transactions/?cursor={good}"), 400, "invalid_cursor")
    refused(saver.get(f"/api/jars/?cursor={foreign}"), 400, "invalid_cursor")
