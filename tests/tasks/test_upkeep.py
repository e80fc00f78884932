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
from app.services.ops.privacy.holdings import HOLDINGS
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


def test_requests_go_three_years_after_their_answer_and_a_thread_with_its_younger_half(tasks_app: Flask) -> None:
    saver, staff = factories.make_saver(tasks_app), factories.make_staff(tasks_app)
    ids = [uuids.uuid7() for _ in range(5)]
    for number, (days, of) in enumerate([(1100, None), (1100, None), (1000, 1), (None, None), (1090, None)]):
        make(
            "INSERT INTO support_requests (id, reference, user_id, subject, text, status, created_at, answer_by,"
            " answer, answered_at, answered_by, appeal_of) VALUES (%s, %s, %s, 's', 't', %s,"
            " now() - interval '4 years', current_date, %s, now() - %s * interval '1 day', %s, %s)",
            *(ids[number], f"CH-{number}", saver.id, "open" if days is None else "answered"),
            *(None if days is None else "a", days, staff.id, None if of is None else ids[of]),
        )
    assert purged() == {"support_requests": 1}
    assert purged() == {}
    references = run(lambda: fetch("SELECT reference FROM support_requests ORDER BY 1"))
    assert references == [("CH-1",), ("CH-2",), ("CH-3",), ("CH-4",)]
    make("UPDATE support_requests SET answered_at = now() - interval '1100 days' WHERE id = %s", ids[2])
    assert purged() == {"support_requests": 2}


def test_what_was_given_up_refused_and_measured_goes_too(tasks_app: Flask) -> None:
    run_id = uuids.uuid7()
    make(
        "INSERT INTO import_runs (id, source, file_hash, mapping_hash, mapping, status, started_at, finished_at)"
        " VALUES (%s, 's', '1', '1', '{}', 'done', now(), now() - interval '91 days')",
        run_id,
    )
    make("INSERT INTO import_refusals (run_id, file, line, code, detail, row) VALUES (%s, 1, 2, 'c', 'd', 'r')", run_id)
    for age in (89, 91):
        make(
            "INSERT INTO outbox (topic, payload, created_at, available_at, dead_at)"
            " VALUES ('t', '{}', now(), now(), now() - %s * interval '1 day')",
            age,
        )
    for age in (700, 740):
        make(
            "INSERT INTO score_health (id, measured_at, verdict, report)"
            " VALUES (%s, now() - %s * interval '1 day', 'ok', '{}')",
            *(uuids.uuid7(), age),
        )
    make("INSERT INTO outbox (topic, payload, created_at, available_at) VALUES ('t', '{}', now(), now())")
    assert purged() == {"import_refusals": 1, "outbox": 1, "score_health": 1}
    assert purged() == {}
    assert (left("import_runs"), left("outbox"), left("score_health")) == (1, 2, 1)


def test_every_table_is_let_go_of_or_kept_for_a_reason(tasks_app: Flask) -> None:
    """Every table has a holding (tests/services/ops/privacy); what has a period there is what the job goes through."""
    timed = {name for name, holding in HOLDINGS.items() if holding.kept is not None}
    assert set(purge_expired(now=datetime.now(UTC))) == timed
    for name, holding in HOLDINGS.items():
        if holding.kept is None:
            assert holding.stays or holding.erased, f"{name} is kept without a reason"
        else:
            assert upkeep.kept(name) == holding.kept
    with pytest.raises(KeyError):
        upkeep.kept("transactions")


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
