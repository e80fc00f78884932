"""Accounts and movements for staff: found by how they begin, in pages that meet, each look in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from app import clock as product_clock
from app.services.ops.reversals import reverse
from app.transactions import fetch, run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

USERS, MOVEMENTS = "/api/admin/users/", "/api/admin/transactions/"


@pytest.fixture
def own_app(new_app: Callable[..., Flask]) -> Flask:
    return new_app()


def all_of(staff: Saver, path: str, **query: Any) -> list[dict[str, Any]]:
    """The whole list, two to a page: what one page of a hundred has."""
    items: list[dict[str, Any]] = []
    cursor = None
    while cursor is not None or not items:
        more = {} if cursor is None else {"cursor": cursor}
        page = staff.get(path, query_string={**query, "limit": 2, **more})
        assert page.status_code == 200, page.json
        items += page.json["items"]
        cursor = page.json["next_cursor"]
        if cursor is None:
            break
    assert items == staff.get(path, query_string={**query, "limit": 100}).json["items"]
    return items


def test_accounts_are_found_by_how_they_begin(own_app: Flask) -> None:
    staff = factories.make_staff(own_app, "support")
    people = [
        factories.make_saver(own_app, name=name, email=email, phone=phone)
        for name, email, phone in (
            ("Asha Devi", "Asha.D@example.com", "+919811100001"), ("asha rao", "a.rao@example.com", "+919811100002"),
            ("Ravi Ashan", "ravi@example.com", "+919822200003"), ("Asha Devi", "other@example.com", None),
        )
    ]  # fmt: skip
    ids = [str(person.id) for person in people]
    factories.verify(people[1])
    assert [row["id"] for row in all_of(staff, USERS)] == [*ids[::-1], str(staff.id)]
    for q, found in (
        ("asha", {0, 1, 3}), ("ASHA  devi", {0, 3}), ("ravi", {2}), ("ravi@", {2}), ("asha.D@EXAMPLE", {0}),
        ("98111", {0, 1}), ("+91 98222", {2}), ("devi", set()), ("%", set()), ("_sha", set()),
    ):  # fmt: skip
        if found:
            assert {row["id"] for row in all_of(staff, USERS, q=q)} == {ids[number] for number in found}, q
        else:
            assert staff.get(USERS, query_string={"q": q}).json == {"items": [], "next_cursor": None}, q
    (verified,) = all_of(staff, USERS, kyc_status="verified")
    assert verified == {
        "id": ids[1], "name": "asha rao", "email": "a.rao@example.com", "phone": "+919811100002",
        "email_verified": False, "phone_verified": False, "role": "saver", "status": "active",
        "kyc_status": "verified", "time_zone": "Asia/Kolkata", "language": "en", "created_at": verified["created_at"],
    }  # fmt: skip
    assert [row["id"] for row in all_of(staff, USERS, q="asha", kyc_status="none")] == [ids[0], ids[3]]


def test_movements_are_narrowed_by_saver_jar_type_and_day(own_app: Flask, clock: Clock) -> None:
    staff = factories.make_staff(own_app)
    first, far = factories.make_saver(own_app), factories.make_saver(own_app, time_zone="Pacific/Kiritimati")
    jar, other = first.jar(), first.jar()
    made = []
    for saver, into in ((first, jar), (far, far.jar()), (first, other)):
        made.append(saver.deposit(into, "50", note="tea").json["transaction"]["id"])
        clock.advance(hours=12)
    made.append(first.withdraw(jar, "20").json["transaction"]["id"])
    assert [row["id"] for row in all_of(staff, MOVEMENTS)] == made[::-1]
    assert [row["id"] for row in all_of(staff, MOVEMENTS, user_id=first.id)] == [made[3], made[2], made[0]]
    assert [row["id"] for row in all_of(staff, MOVEMENTS, jar_id=jar)] == [made[3], made[0]]
    assert [row["id"] for row in all_of(staff, MOVEMENTS, type="withdraw")] == [made[3]]
    assert [row["id"] for row in all_of(staff, MOVEMENTS, jar_id=jar, type="deposit")] == [made[0]]
    days = {row["id"]: row["date"] for row in all_of(staff, MOVEMENTS)}
    assert [days[id_] for id_ in made] == ["2026-07-15", "2026-07-16", "2026-07-16", "2026-07-17"]
    on_the_first = {"from": "2026-07-15", "to": "2026-07-15"}
    assert [row["id"] for row in all_of(staff, MOVEMENTS, **on_the_first)] == made[:1]
    assert [row["id"] for row in all_of(staff, MOVEMENTS, **{"from": "2026-07-16"})] == made[:0:-1]
    assert staff.get(MOVEMENTS, query_string={"user_id": str(uuid4())}).json["items"] == []
    with own_app.app_context():
        run(lambda: reverse(UUID(made[2]), reason="test", by=staff.id, at=product_clock.now()))
    newest, _, taken_back, *_ = all_of(staff, MOVEMENTS)
    assert (newest["type"], newest["reversal_of"], newest["amount"]) == ("reversal", made[2], "50.00")
    assert taken_back == {
        "id": made[2], "user_id": str(first.id), "jar_id": other, "type": "deposit", "amount": "50.00",
        "currency": "INR", "date": "2026-07-16", "occurred_at": taken_back["occurred_at"], "balance_after": "50.00",
        "note": "tea", "reversal_of": None, "status": "reversed",
    }  # fmt: skip


def test_each_look_is_noted_and_what_was_typed_is_not(own_app: Flask) -> None:
    staff, saver = factories.make_staff(own_app, "support"), factories.make_saver(own_app)
    saver.deposit(saver.jar(), "5")
    staff.get(USERS, query_string={"q": saver.email})
    staff.get(MOVEMENTS)
    with own_app.app_context():
        noted = run(
            lambda: fetch("SELECT action, subject_id, details FROM audit_log WHERE actor_id = %s ORDER BY id",
                          (staff.id,))
        )  # fmt: skip
    assert noted == [
        ("searched", "email", {"length": len(saver.email)}),
        ("listed", "users", {"users": [str(saver.id)]}),
        ("listed", "transactions", {"users": [str(saver.id)]}),
    ]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (USERS, {"kyc_status": "maybe"}),
        (USERS, {"q": " "}),
        (USERS, {"sort": "password_hash"}),
        (USERS, {"limit": "101"}),
        (MOVEMENTS, {"user_id": "1"}),
        (MOVEMENTS, {"type": "gift"}),
        (MOVEMENTS, {"from": "yesterday"}),
        (MOVEMENTS, {"at_least": "5"}),
    ],
)
def test_what_the_lists_do_not_know_is_refused(app: Flask, path: str, query: dict[str, str]) -> None:
    answer = factories.make_staff(app).get(path, query_string=query)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert list(answer.json["errors"]) == list(query)


def test_a_cursor_is_of_one_list_one_person_and_its_filters(app: Flask, saver: Saver) -> None:
    staff, other = factories.make_staff(app), factories.make_staff(app)
    page = staff.get(USERS, query_string={"limit": 1}).json
    for person, path, query in (
        (other, USERS, {}), (staff, MOVEMENTS, {}), (staff, USERS, {"q": "a"}), (staff, USERS, {"kyc_status": "none"}),
    ):  # fmt: skip
        answer = person.get(path, query_string={**query, "cursor": page["next_cursor"]})
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")
    assert saver.get(USERS).status_code == 403
