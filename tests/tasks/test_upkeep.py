from __future__ import annotations

from flask import Flask

from app.tasks.upkeep import purge_expired
from app.transactions import fetch, queue, run
from tests import factories


def left(table: str) -> int:
    return run(lambda: fetch(f"SELECT count(*) FROM {table}"))[0][0]


def test_only_what_has_served_its_time_goes(tasks_app: Flask) -> None:
    saver, other = factories.make_saver(tasks_app), factories.make_saver(tasks_app)
    jar = saver.jar()
    for key in ("old", "young"):
        assert saver.deposit(jar, key=key).status_code == 201
    run(lambda: queue("UPDATE idempotency_records SET created_at = now() - interval '47 hours'"))
    run(
        lambda: queue(
            "UPDATE refresh_families SET expires_at = now() - interval '89 days' WHERE user_id = %s", (other.id,)
        )
    )
    assert purge_expired.run() == {"idempotency_records": 0, "refresh_families": 0}

    run(lambda: queue("UPDATE idempotency_records SET created_at = now() - interval '49 hours' WHERE key = 'old'"))
    run(
        lambda: queue(
            "UPDATE refresh_families SET expires_at = now() - interval '91 days' WHERE user_id = %s", (other.id,)
        )
    )
    assert purge_expired.run() == {"idempotency_records": 1, "refresh_families": 1}
    assert purge_expired.run() == {"idempotency_records": 0, "refresh_families": 0}
    assert (left("idempotency_records"), left("refresh_families")) == (1, 1)
    assert saver.get("/api/profile/").status_code == 200
    assert saver.deposit(jar, key="young").headers["Idempotency-Replayed"] == "true"
