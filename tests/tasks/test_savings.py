from __future__ import annotations

from uuid import uuid4

from flask import Flask

from app import clock
from app.extensions import cache
from app.services.gamification import streak_cache
from app.services.gamification.streak_cache import SaverStreak
from app.tasks.savings import refresh_after_movements
from app.transactions import run
from tests import factories
from tests.factories import Saver


def cached(saver: Saver) -> SaverStreak | None:
    """What the cache holds of today's streak; None for nothing."""
    today = run(saver.principal).today(clock.now())
    if cache.get(streak_cache.key(saver.id, today)) is None:
        return None
    return streak_cache.remembered(saver.id, today, compute=lambda: 1 / 0)


def test_the_cache_is_written_from_what_is_committed_as_often_as_it_runs(tasks_app: Flask) -> None:
    saver = factories.make_saver(tasks_app)
    jar = saver.jar()
    saver.deposit(jar)
    assert cached(saver) is None
    for _ in range(3):
        refresh_after_movements.run([{"user_id": str(saver.id), "transaction_id": str(uuid4())}])
        streak = cached(saver)
        assert streak is not None
        assert (streak.current, streak.unit, streak.at_risk) == (1, "days", False)
    saver.withdraw(jar)
    assert cached(saver) is None
    refresh_after_movements.run([{"user_id": str(saver.id), "transaction_id": str(uuid4())}])
    assert cached(saver).current == 0


def test_a_saver_who_is_gone_is_no_error(tasks_app: Flask) -> None:
    refresh_after_movements.run([{"user_id": str(uuid4()), "transaction_id": str(uuid4())}])
