"""An export: whole, nobody else's, without secrets, in bounded memory however long the history."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

from flask import Flask

from app import clock
from app.services.ops.privacy.export import export, sections
from app.transactions import fetch, run
from tests.factories import Saver
from tests.services.ops.privacy.conftest import Filled
from tests.services.ops.privacy.test_holdings import HOLDINGS


def document(app: Flask, saver: Saver) -> dict[str, Any]:
    with app.app_context(), export(saver.id, "saver", at=clock.now()) as file:
        read: dict[str, Any] = json.load(file)
    return read


def test_every_section_has_the_savers_rows(filled: Filled) -> None:
    found = document(filled.app, filled.saver)
    assert found["format"] == 1
    assert found["currency"] == "INR"
    for section in sections():
        assert found[section.name], section.name
    assert (found["profile"]["email"], found["profile"]["phone"]) == (filled.saver.email, filled.saver.phone)
    assert [(one["type"], one["amount"], one["note"]) for one in found["movements"]] == [
        ("deposit", "50.00", "tea money"),
        ("withdraw", "50.00", None),
    ]
    assert found["jars"][0]["name"] == "For my mother"
    assert found["score"]["points"].keys() == found["score_history"][0]["points"].keys()
    assert found["movements"][0]["occurred_at"].endswith("Z")
    assert [one["purpose"] for one in found["consents"]] == ["terms", "privacy"]
    assert set(found["left_out"]) == {
        name for name, one in HOLDINGS.items() if isinstance(one.export, str) and one.erased
    }


def test_nothing_of_anybody_else_and_no_secret(filled: Filled) -> None:
    text = json.dumps(document(filled.app, filled.saver))
    filled.cursor.execute(
        "SELECT password_hash FROM users UNION SELECT id::text FROM refresh_families"
        " UNION SELECT current_jti::text FROM refresh_families UNION SELECT address FROM push_devices"
        " UNION SELECT email FROM users WHERE id = %(other)s UNION SELECT id::text FROM savings_jars WHERE"
        " user_id = %(other)s UNION SELECT id::text FROM transactions WHERE user_id = %(other)s",
        {"other": str(filled.other.id)},
    )
    others = [value for (value,) in filled.cursor.fetchall() if value]
    assert len(others) >= 8
    assert [value for value in others if value in text] == []
    assert str(filled.other.id) not in text


def test_that_it_was_asked_for_is_in_the_audit_log(app: Flask, saver: Saver) -> None:
    document(app, saver)
    with app.app_context():
        entries = run(lambda: fetch("SELECT action, actor FROM audit_log WHERE subject_id = %s", (str(saver.id),)))
    assert entries == [("data_exported", "saver")]
    assert [one["action"] for one in document(app, saver)["log"]] == ["data_exported", "data_exported"]


def test_a_long_history_takes_the_memory_of_a_batch(filled: Filled) -> None:
    """Notices stand for any long list here: 20,000 rows, made by PostgreSQL itself. All at once do not fit."""
    filled.cursor.execute(
        "INSERT INTO notifications (user_id, id, kind, facts, created_at)"
        " SELECT %s, gen_random_uuid(), 'badge_earned', '{\"jar\": \"a jar with a name of some length\"}', now()"
        " FROM generate_series(1, 20000)",
        (str(filled.saver.id),),
    )
    with filled.app.app_context():
        tracemalloc.start()
        began = time.process_time()
        try:
            with export(filled.saver.id, "saver", at=clock.now()) as file:
                _, peak = tracemalloc.get_traced_memory()
                size = file.seek(0, 2)
        finally:
            tracemalloc.stop()
    assert size > 3_000_000
    assert peak < 8_000_000
    assert time.process_time() - began < 60
