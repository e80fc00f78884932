"""What has served its time goes, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat as uuids
from flask import Flask

from app.services.notifications.notices import write
from app.services.ops import upkeep
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.ops.upkeep import purge_expired
from app.transactions import fetch, queue, run
from tests import factories


def left(table: str) -> int:
    return run(lambda: fetch(f"SELECT count(*) FROM {table}"))[0][0]


def purged() -> dict[str, int]:
    return {table: count for table, count in purge_expired(now=datetime.now(UTC)).items() if count}


def make(sql: str, *parameters: Any) -> None:
    run(lambda: queue(sql, parameters))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "CHUNK", 3)
    monkeypatch.setattr(upkeep, "BLOCKS", 1)


def test_answers_and_sign_ins_go_when_they_have_served_their_time(tasks_app: Flask) -> None:
    saver, other = factories.make_saver(tasks_app), factories.make_saver(tasks_app)
    jar = saver.jar()
    for key in ("old", "young"):
        assert saver.deposit(jar, key=key).status_code == 201
    make("UPDATE idempotency_records SET created_at = now() - interval '47 hours'")
    make("UPDATE refresh_families SET expires_at = now() - interval '89 days' WHERE user_id = %s", other.id)
    assert purged() == {}

    make("UPDATE idempotency_records SET created_at = now() - interval '49 hours' WHERE key = 'old'")
    make("UPDATE refresh_families SET expires_at = now() - interval '91 days' WHERE user_id = %s", other.id)
    assert purged() == {"idempotency_records": 1, "refresh_families": 1}
    assert purged() == {}
    assert (left("idempotency_records"), left("refresh_families")) == (1, 1)
    assert saver.get("/api/profile/").status_code == 200
    assert saver.deposit(jar, key="young").headers["Idempotency-Replayed"] == "true"


def test_notices_go_after_half_a_year_and_those_never_read_later(tasks_app: Flask) -> None:
    savers = [factories.make_saver(tasks_app) for _ in range(4)]
    now = datetime.now(UTC)
    for saver in savers:
        for age, seen in ((170, True), (190, True), (390, False), (410, False)):
            at = now - timedelta(days=age)
            notice = run(lambda: write(saver.id, "badge_earned", {"age": age}, at=at, seen=seen))  # noqa: B023
            born = UUID(int=int(at.timestamp() * 1000) << 80 | notice.int & (1 << 80) - 1)
            make("UPDATE notifications SET id = %s WHERE id = %s", born, notice)
    assert purged() == {"notifications": 8}
    assert run(lambda: fetch("SELECT DISTINCT facts->>'age' FROM notifications ORDER BY 1")) == [("170",), ("390",)]


def test_deliveries_runs_and_turns_go_but_not_what_still_waits(tasks_app: Flask) -> None:
    saver = factories.make_saver(tasks_app)
    jar = saver.jar()
    for number, (age, status) in enumerate([(95, "sent"), (94, "waiting"), (93, "dead"), (92, "sent"), (80, "sent")]):
        make(
            "INSERT INTO deliveries (user_id, notification_id, channel, status, due_at, created_at)"
            " VALUES (%s, %s, 'email', %s, now(), now() - %s * interval '1 day')",
            *(saver.id, uuids.uuid7(), status, age),
        )
        make(
            "INSERT INTO job_runs (id, kind, status, created_at)"
            " VALUES (%s, 'k' || %s, %s, now() - interval '31 days')",
            *(uuids.uuid7(), number, "running" if status == "waiting" else "done"),
        )
        make(
            "INSERT INTO auto_deposit_turns (jar_id, due_on, amount, status, told_at)"
            " VALUES (%s, current_date - 400 - %s, 5, %s, now())",
            *(jar, number, "waiting" if status == "waiting" else "done"),
        )
    counts = purged()
    assert (counts["deliveries"], counts["job_runs"]) == (3, 4)
    assert counts["auto_deposit_turns"] == 3  # one waits, one is of the last day that is kept
    assert run(lambda: fetch("SELECT status FROM deliveries ORDER BY id")) == [("waiting",), ("sent",)]


def test_what_somebody_holds_is_left_for_the_next_time(tasks_app: Flask, stack: Any) -> None:
    from tests.conftest import superuser_connection

    saver = factories.make_saver(tasks_app)
    saver.deposit(saver.jar(), key="old")
    make("UPDATE idempotency_records SET created_at = now() - interval '49 hours'")
    holder = superuser_connection(tasks_app, stack)
    with holder.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT 1 FROM idempotency_records FOR UPDATE")
        assert purged() == {}
        cursor.execute("ROLLBACK")
    holder.close()
    assert perform(JOBS["upkeep.purge"]).done == 1
    assert perform(JOBS["upkeep.purge"]).state == "nothing"
