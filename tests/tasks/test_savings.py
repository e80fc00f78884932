from __future__ import annotations

from uuid import uuid4

from flask import Flask

from app import clock
from app.integrations import saver_cache
from app.integrations.redis_cache import backend
from app.services.savings.streak_summary import KIND
from app.tasks.savings import refresh_after_movements
from app.transactions import run
from tests import factories
from tests.factories import Saver


def cached(saver: Saver) -> dict[str, object] | None:
    """What the cache holds of today's streaks and counts; None for nothing."""
    today = run(saver.principal).today(clock.now())
    token, kept = backend().ask(
        lambda client: client.mget(
            saver_cache.key("token", saver.id, "now"), saver_cache.key(KIND, saver.id, today.isoformat())
        ),
        (None, None),
    )
    if token is None or kept is None or not kept.startswith(token):
        return None
    answer: dict[str, object] = saver.get("/api/streaks/").json
    return answer


def test_the_cache_is_written_from_what_is_committed_as_often_as_it_runs(tasks_app: Flask) -> None:
    saver = factories.make_saver(tasks_app)
    jar = saver.jar()
    saver.get("/api/streaks/")
    saver.deposit(jar)
    assert cached(saver) is None
    for _ in range(3):
        refresh_after_movements.run([{"user_id": str(saver.id), "transaction_id": str(uuid4())}])
        streak = cached(saver)
        assert streak is not None
        assert (streak["current"], streak["unit"], streak["at_risk"]) == (1, "days", False)
    saver.withdraw(jar)
    assert cached(saver) is None
    refresh_after_movements.run([{"user_id": str(saver.id), "transaction_id": str(uuid4())}])
    kept = cached(saver)
    assert kept is not None
    assert kept["current"] == 0


def test_nothing_is_worked_out_for_whom_nobody_asks(tasks_app: Flask) -> None:
    saver = factories.make_saver(tasks_app)
    saver.deposit(saver.jar())
    refresh_after_movements.run([{"user_id": str(saver.id), "transaction_id": str(uuid4())}])
    assert cached(saver) is None


def test_a_saver_who_is_gone_is_no_error(tasks_app: Flask) -> None:
    refresh_after_movements.run([{"user_id": str(uuid4()), "transaction_id": str(uuid4())}])
