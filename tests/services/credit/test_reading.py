"""A score as it is shown is the one that was kept: read, not worked out again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app import transactions
from app.integrations import saver_cache
from app.periods import Plan
from app.scoring.policy import policy
from app.scoring.rule import factors_of, rule_scores
from app.services.credit import reading, refresh
from app.services.credit.gathering import gather
from app.services.credit.reading import Reading
from app.transactions import run
from tests import factories
from tests.conftest import Clock
from tests.factories import Saver


def read(saver: Saver, clock: Clock) -> Reading:
    with saver.app.app_context():
        return run(lambda: reading.read(saver.principal(), at=clock.now()))


def forget(saver: Saver) -> None:
    with saver.app.app_context():
        saver_cache.forget_many("score", [saver.id])


def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    send, copy = transactions._send, transactions.copy_out
    monkeypatch.setattr(
        transactions, "_send", lambda work, **options: seen.append(str(work.queue)) or send(work, **options)
    )
    monkeypatch.setattr("app.services.credit.binary.copy_out", lambda *asked: seen.append(asked[0]) or copy(*asked))
    return seen


def test_ten_of_twelve_weeks(saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111110111")
    seen = read(saver, clock)
    assert (seen.status, seen.score, seen.band) == ("scored", 711, policy().band(711))
    assert seen.base + sum(factor.points for factor in seen.factors) == seen.score
    assert seen.factor("punctuality").observed == {"on_time": 10, "of": 12}
    assert seen.reasons == ["tenure", "streak", "punctuality", "habit"]
    assert [(step.code, step.count, step.points) for step in seen.advice.steps] == [
        ("keep_up", 2, 27), ("keep_up", 4, 66), ("missed", 1, -61),
    ]  # fmt: skip
    assert seen.advice.plan == Plan.WEEKLY
    assert (seen.policy_version, seen.model_version, seen.as_of) == ("rule-1", None, clock.now())


def test_kept_factors_are_those_that_the_history_gives(saver: Saver, clock: Clock) -> None:
    jar = factories.live_weeks(saver, clock, "1101")
    saver.withdraw(jar, "30")
    factories.score(saver, clock)
    with saver.app.app_context():
        features = run(lambda: gather([saver.id], at=clock.now())).features()
    assert read(saver, clock).factors == factors_of(features, rule_scores(features, policy()), 0, policy())


def test_redis_gives_back_what_was_read(saver: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.live_weeks(saver, clock, "1101")
    first = read(saver, clock)
    seen = sent(monkeypatch)
    assert read(saver, clock) == first
    assert not any("credit_scores" in query or "savings_jars" in query for query in seen)
    assert len(seen) <= 4, "who it is, and two commits"


def test_the_row_is_read_and_nothing_is_computed(
    saver: Saver, clock: Clock, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.live_weeks(saver, clock, "1101")
    with superuser.cursor() as cursor:
        cursor.execute(
            "UPDATE credit_scores SET score = score + 7 WHERE user_id = %s RETURNING score", (str(saver.id),)
        )
        ((score,),) = cursor.fetchall()
    monkeypatch.setattr(refresh, "score", None)
    forget(saver)
    seen = sent(monkeypatch)
    assert read(saver, clock).score == score
    assert len(seen) <= 9, "who it is, the row, then zone, jars, pauses, movements, instalments, and two commits"


def test_without_a_row_one_is_made_once(
    saver: Saver, clock: Clock, superuser: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    own = refresh.score
    monkeypatch.setattr(refresh, "score", lambda *given: made.append(given) or own(*given))
    for _ in range(3):
        assert read(saver, clock).status == "no_history"
        forget(saver)
    assert len(made) == 1
    with superuser.cursor() as cursor:
        cursor.execute("SELECT status, score FROM credit_scores WHERE user_id = %s", (str(saver.id),))
        assert cursor.fetchall() == [("no_history", None)]


def test_before_there_is_a_score_there_are_steps(saver: Saver, clock: Clock) -> None:
    seen = read(saver, clock)
    assert (seen.score, seen.band, seen.predicted_score, seen.probability) == (None,) * 4
    assert (seen.factors, seen.reasons) == ([], [])
    assert [step.code for step in seen.advice.steps] == ["make_plan"]
    saver.jar(plan_type="weekly")
    factories.score(saver, clock)
    seen = read(saver, clock)
    assert [(step.code, step.count) for step in seen.advice.steps] == [("begin", 2)]
    assert str(seen.advice.until) == "2026-07-28"


def test_two_and_three_closed_periods_are_provisional(saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "11")
    seen = read(saver, clock)
    assert (seen.status, seen.advice.left) == ("provisional", 2)
    assert seen.score is not None


@pytest.mark.parametrize("weeks", ["0" * 9, "1" * 30])
def test_the_ends_of_the_range(saver: Saver, clock: Clock, weeks: str) -> None:
    factories.live_weeks(saver, clock, weeks)
    seen = read(saver, clock)
    assert seen.score is not None
    assert seen.base + sum(factor.points for factor in seen.factors) == seen.score
    assert len(seen.reasons) <= 4
    assert "repayment" not in seen.reasons


def test_a_row_that_does_not_say_how_it_came_about_is_made_anew(saver: Saver, clock: Clock, superuser: Any) -> None:
    factories.live_weeks(saver, clock, "1111")
    with superuser.cursor() as cursor:
        cursor.execute(
            "UPDATE credit_scores SET points = '{}', features = '{}', score = 400 WHERE user_id = %s", (str(saver.id),)
        )
    forget(saver)
    clock.advance(seconds=1)
    assert read(saver, clock).score == 716


def test_without_redis_it_is_the_same(saver: Saver, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    factories.live_weeks(saver, clock, "1101")
    with_redis = read(saver, clock)
    monkeypatch.setattr(saver_cache, "remembered", lambda kind, user_id, part, compute: compute())
    assert read(saver, clock) == with_redis


def test_a_new_jar_changes_what_helps(app: Flask, saver: Saver, clock: Clock) -> None:
    """A worker refreshes after it; that the row of the outbox is there is what this call owes it."""
    read(saver, clock)
    saver.jar(plan_type="weekly")
    with app.app_context():
        rows = run(
            lambda: transactions.fetch("SELECT topic FROM outbox WHERE payload ->> 'user_id' = %s", (str(saver.id),))
        )
    assert ("gamification.standing_changed",) in [tuple(row) for row in rows]
