"""What was given up: seen by the staff, tried again by administrators, one, some or all of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.transactions import fetch, queue, run
from tests import factories
from tests.attacks.walking import Person, make_person
from tests.blueprints.ops.test_users import noted

MESSAGES = ("/ops/given-up/", "outbox", "dead_at IS NOT NULL")
DELIVERIES = ("/ops/notifications/?status=dead", "deliveries", "status = 'dead'")


@pytest.fixture
def own_app(new_app: Callable[..., Flask]) -> Flask:
    """With three messages and three deliveries that were given up."""
    app = new_app()
    saver = factories.make_saver(app)
    saver.deposit(saver.jar(), "5")
    with app.app_context():
        run(lambda: queue("DELETE FROM outbox"))
        run(lambda: queue(
            "INSERT INTO outbox (topic, payload, created_at, available_at, attempts, dead_at, last_error)"
            " SELECT 'savings.moved', '{\"canary\": \"payload\"}', now(), now(), 10, now(), 'ConnectionError'"
            " FROM generate_series(1, 3)"))  # fmt: skip
        run(lambda: queue(
            "INSERT INTO deliveries (user_id, notification_id, channel, status, due_at, created_at, attempts,"
            " last_error)"
            " SELECT user_id, id, channel, 'dead', now(), now(), 8, '550 5.1.1'"
            " FROM (SELECT user_id, id FROM notifications WHERE user_id = %s LIMIT 1) n,"
            " unnest(ARRAY['email', 'sms', 'push']) AS channel", (saver.id,)))  # fmt: skip
    return app


def rows(app: Flask, sql: str) -> list[Any]:
    # The context of each call ends with it: a request within one would find the person of the request before.
    with app.app_context():
        return run(lambda: fetch(sql))


@pytest.mark.parametrize(("path", "table", "where"), [MESSAGES, DELIVERIES])
def test_one_some_and_all_are_tried_again(own_app: Flask, path: str, table: str, where: str) -> None:
    admin, support = make_person(own_app, "admin"), make_person(own_app, "support")
    html = support.browser.get(path).text
    assert 'name="chosen"' not in html
    assert "canary" not in html
    assert html.count("ConnectionError" if table == "outbox" else "550 5.1.1") == 3
    assert admin.browser.get(path).text.count('name="chosen"') == 3
    again = path.partition("?")[0] + "again"

    def send(person: Person, **form: Any) -> int:
        return person.browser.post(again, data={"csrf_token": person.form_token, **form}).status_code

    def dead() -> list[int]:
        return [id_ for (id_,) in rows(own_app, f"SELECT id FROM {table} WHERE {where} ORDER BY id")]

    ids = dead()
    assert send(support, chosen=str(ids[0])) == 403
    for nothing in ({}, {"chosen": "x"}, {"chosen": ["1"] * 60}, {"id": str(ids[0])}, {"chosen": "987654321"},
                    {"chosen": "9" * 30}, {"chosen": f"-{ids[0]}"}):  # fmt: skip
        assert send(admin, **nothing) == 303
    assert dead() == ids
    assert send(admin, chosen=[str(ids[0])], attempts="99") == 303
    assert dead() == ids[1:]
    kind = "outbox" if table == "outbox" else "delivery"
    assert noted(own_app, admin)[-1] == ("tried_again", str(ids[0]), {"count": 1})
    assert send(admin, chosen=[str(one) for one in ids]) == 303
    assert dead() == []
    assert noted(own_app, admin)[-1] == ("tried_again", "chosen", {"count": 2, "ids": ids})
    given_up = "dead_at = now()" if table == "outbox" else "status = 'dead'"
    rows(own_app, f"UPDATE {table} SET {given_up} RETURNING 1")
    assert send(admin, all="y") == 303
    assert dead() == []
    assert noted(own_app, admin)[-1] == ("tried_again", "all", {"count": 3})
    assert rows(own_app, "SELECT DISTINCT subject_type FROM audit_log WHERE action = 'tried_again'") == [(kind,)]
    assert rows(own_app, f"SELECT DISTINCT attempts FROM {table}") == [(0,)]


def test_the_log_says_no_address_and_offers_no_try_of_what_left(own_app: Flask) -> None:
    admin = make_person(own_app, "admin")
    html = admin.browser.get("/ops/notifications/").text
    assert 'name="chosen"' not in html
    assert html.count("given up") >= 3
    assert "@example" not in html.split("<table")[1]
    assert "of no use" not in html.split("<tbody")[1].split("</tbody>")[0]
    assert "chip" in admin.browser.get("/ops/notifications/?channel=sms").text
    for wrong in ("channel=pigeon", "status=lost", "user=1", "kind=x"):
        assert admin.browser.get(f"/ops/notifications/?{wrong}").status_code == 400


def test_a_count_in_the_navigation_leads_to_what_it_counts(own_app: Flask) -> None:
    support, way = make_person(own_app, "support"), 'href="/ops/notifications/?status=dead"'
    html = support.browser.get("/ops/notifications/?status=dead").text
    assert re.search(rf'<li><a {re.escape(way)}[^>]* aria-current="page">Notifications', html)
    with own_app.app_context():
        run(lambda: queue("DELETE FROM deliveries"))
    assert way not in support.browser.get("/ops/notifications/").text
