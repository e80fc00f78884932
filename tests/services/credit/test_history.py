"""The days on which a score changed, as its saver's calendar has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uuid_utils.compat as uuids

from app.services.credit import history
from app.services.credit.history import DayScore
from app.transactions import run
from tests.conftest import Clock
from tests.factories import Saver


@pytest.fixture
def change(saver: Saver, superuser: Any) -> Any:
    """Write a change of the saver's score."""

    def write(at: datetime, score: int | None) -> None:
        with superuser.cursor() as cursor:
            cursor.execute(
                "INSERT INTO credit_score_history (id, user_id, as_of, cause, status, score, predicted_score)"
                " VALUES (%s, %s, %s, 'deposit', %s, %s, %s)",
                (str(uuids.uuid7()), str(saver.id), at, "scored" if score else "no_history", score, score),
            )

    return write


def pages(saver: Saver, clock: Clock, limit: int) -> list[list[DayScore]]:
    found, after = [], None
    with saver.app.app_context():
        while True:
            rows, after = run(
                lambda after=after: history.page(saver.principal(), at=clock.now(), limit=limit, after=after)
            )
            found.append(rows)
            if after is None:
                return found


def test_of_each_local_day_the_last(saver: Saver, clock: Clock, change: Any) -> None:
    midnight = datetime(2026, 7, 14, 18, 30, tzinfo=UTC)  # in Kolkata
    change(midnight - timedelta(hours=2), 600)
    change(midnight - timedelta(milliseconds=1), 610)
    change(midnight, 620)
    ((today, yesterday),) = pages(saver, clock, 10)
    assert (str(today.date), today.score) == ("2026-07-15", 620)
    assert (str(yesterday.date), yesterday.score) == ("2026-07-14", 610)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_page_by_page_each_day_once(saver: Saver, clock: Clock, change: Any, limit: int) -> None:
    for day in range(6):
        for hour in (1, 5):
            change(clock.now() - timedelta(days=day, hours=hour), 700 - 10 * day - hour)
    found = pages(saver, clock, limit)
    assert all(len(page) <= limit for page in found)
    days = [one for page in found for one in page]
    assert [one.score for one in days] == [700 - 10 * day - 1 for day in range(6)]
    assert days == sorted(days, key=lambda one: one.date, reverse=True)


def test_a_day_that_ended_without_a_score_is_none(saver: Saver, clock: Clock, change: Any) -> None:
    change(clock.now() - timedelta(days=3), None)
    change(clock.now() - timedelta(days=2), 650)
    change(clock.now() - timedelta(days=1, hours=2), 660)
    change(clock.now() - timedelta(days=1), None)
    assert [one.score for one in pages(saver, clock, 10)[0]] == [650]


def test_nobody_sees_another_s(saver: Saver, clock: Clock, change: Any, app: Any) -> None:
    from tests import factories

    change(clock.now(), 700)
    assert pages(factories.make_saver(app), clock, 10) == [[]]
