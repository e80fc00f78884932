"""Scores of many: those whose day is over, everybody in chunks, what an import brought."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.services.credit import looking_back
from app.services.credit.scoring import Scores
from app.services.ops import scores
from app.services.ops.closing import close_days
from app.services.ops.imports.mapping import make_mapping
from app.services.ops.imports.run import import_history
from app.services.ops.job_runs import Outcome, Round, perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, queue, run
from tests.conftest import Clock
from tests.factories import Saver, make_saver

MAPPING = {
    "name": "jars",
    "currency": "INR",
    "columns": {"account": "account", "amount": "amount", "time": "time"},
    "time": {"formats": ["%Y-%m-%d %H:%M"], "zone": "Asia/Kolkata"},
    "types": [{"type": "deposit"}],
    "jar": {"plan": "daily", "name": "Bicycle"},
    "saver": {"name": "Saver {account}", "email": "imported-{account}@import.invalid"},
}
KOLKATA, LONDON = "Asia/Kolkata", "Europe/London"


@pytest.fixture(autouse=True)
def own_app(new_app: Callable[..., Flask]) -> Iterator[Flask]:
    app = new_app()
    with app.app_context():
        yield app


def keep_up() -> Outcome:
    return perform(JOBS["credit.keep_up"])


def as_of() -> dict[UUID, datetime]:
    return dict(run(lambda: fetch("SELECT user_id, as_of FROM credit_scores")))


def changes(saver: Saver) -> list[tuple[Any, ...]]:
    sql = "SELECT cause, status FROM credit_score_history WHERE user_id = %s ORDER BY as_of, id"
    return run(lambda: fetch(sql, (saver.id,)))


def test_when_a_day_is_over_its_savers_are_scored_and_nobody_else(own_app: Flask, clock: Clock) -> None:
    east, west = make_saver(own_app, time_zone=KOLKATA), make_saver(own_app, time_zone=LONDON)
    for saver in (east, west):
        saver.deposit(saver.jar())
    assert keep_up().done == 2  # nobody has a score
    clock.set(datetime(2026, 7, 15, 18, 25, tzinfo=UTC))
    assert keep_up().state == "nothing"
    clock.set(datetime(2026, 7, 15, 18, 35, tzinfo=UTC))  # the sixteenth in Kolkata, at five past midnight
    close_days(clock.now())
    assert keep_up().done == 1
    assert as_of()[east.id] == clock.now() > as_of()[west.id]
    assert keep_up().state == "nothing"
    clock.set(datetime(2026, 7, 15, 23, 5, tzinfo=UTC))
    assert keep_up().done == 1
    assert as_of()[west.id] == clock.now() > as_of()[east.id]


def test_days_on_which_no_worker_ran_are_made_up_for(own_app: Flask, clock: Clock) -> None:
    saver = make_saver(own_app)
    jar = saver.jar()
    keep_up()
    for _ in range(3):
        saver.deposit(jar)
        clock.advance(days=1)
    assert keep_up().done == 1
    assert changes(saver) == [("period_closed", "provisional")]


def test_a_change_of_zone_has_its_midnights(own_app: Flask, clock: Clock) -> None:
    saver = make_saver(own_app, time_zone=KOLKATA)
    saver.jar()
    saver.call("PATCH", "/api/profile/", {"time_zone": LONDON})
    keep_up()
    clock.set(datetime(2026, 7, 16, 18, 40, tzinfo=UTC))  # midnight in Kolkata, where the saver is not any more
    before = as_of()[saver.id]
    assert before < clock.now()
    clock.set(datetime(2026, 7, 16, 23, 5, tzinfo=UTC))
    keep_up()
    assert as_of()[saver.id] == clock.now()


def test_everybody_is_scored_in_chunks_behind_the_cursor(
    own_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "CHUNK", 2)
    savers = sorted((make_saver(own_app) for _ in range(5)), key=lambda saver: saver.id)
    for saver in savers:
        saver.jar()
    told: list[tuple[int, int | None]] = []
    cursors: list[tuple[str, int, int | None]] = []

    def stop(done: int, total: int | None) -> None:
        told.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    turn = Round(clock.now(), report=stop, advance=lambda *each: cursors.append(each))
    with pytest.raises(KeyboardInterrupt):
        scores.recalculate(turn)
    assert told == [(2, 5), (4, 5)]
    assert cursors == [(str(savers[1].id), 2, 5), (str(savers[3].id), 4, 5)]
    assert set(as_of()) == {saver.id for saver in savers[:4]}
    clock.advance(minutes=1)
    assert scores.recalculate(Round(clock.now(), cursor=cursors[-1][0])) == 1
    assert [saver.id for saver in savers if as_of()[saver.id] == clock.now()] == [savers[4].id]


def test_a_run_whose_worker_died_goes_on_behind_its_cursor(
    own_app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scores, "CHUNK", 2)
    savers = [make_saver(own_app) for _ in range(5)]
    for saver in savers:
        saver.jar()
    begun = run(lambda: scores.order(None, by=None, actor="operator", at=clock.now()))

    class Killed(BaseException):
        pass

    kept = scores._keep

    def die(turn: Round, found: Scores, done: int, total: int) -> None:
        if done == 2:
            raise Killed
        kept(turn, found, done, total)

    with monkeypatch.context() as patched:
        patched.setattr(scores, "_keep", die)
        with pytest.raises(Killed):
            perform(JOBS[scores.KIND])
    first = as_of()
    assert len(first) == 2
    # As its silence would say: the dead do not mark their runs as failed.
    run(
        lambda: queue(
            "UPDATE job_runs SET status = 'running', finished_at = NULL, heartbeat_at = heartbeat_at - interval '91 s'"
        )
    )
    clock.advance(minutes=1)
    assert perform(JOBS[scores.KIND]).done == 5
    assert {saver: at for saver, at in as_of().items() if at < clock.now()} == first
    rows = run(lambda: fetch("SELECT id, status, done, total, attempts FROM job_runs"))
    assert rows == [(begun.id, "done", 5, 5, 3)]


def test_what_was_taken_over_is_not_written_on(own_app: Flask, clock: Clock) -> None:
    make_saver(own_app).jar()
    run(lambda: scores.order(None, by=None, actor="operator", at=clock.now()))

    kept = scores._keep

    def overtaken(turn: Round, found: Scores, done: int, total: int) -> None:
        queue("UPDATE job_runs SET attempts = attempts + 1")
        kept(turn, found, done, total)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scores, "_keep", overtaken)
        assert perform(JOBS[scores.KIND]).state == "running"
    assert as_of() == {}


def test_all_savers_of_an_import_are_scored_once_and_told_nothing(own_app: Flask, clock: Clock, tmp_path: Path) -> None:
    rows = ["account,amount,time"]
    for account in range(3):
        rows += [f"{account},50,2026-05-{day:02} 10:00" for day in range(1, 29, 1 + account)]
    file = tmp_path / "history.csv"
    file.write_text("\n".join(rows) + "\n")
    clock.set(datetime(2026, 5, 29, 6, 0, tzinfo=UTC))
    import_history([file], make_mapping(MAPPING, currency="INR"))
    found = run(lambda: fetch("SELECT user_id, status, cause FROM credit_score_history"))
    assert sorted(row[1:] for row in found) == [("scored", "recalculation")] * 3
    assert run(lambda: fetch("SELECT count(*) FROM notifications WHERE kind = 'score_changed'")) == [(0,)]
    for user_id, *_ in found:
        again = run(lambda user_id=user_id: looking_back.recomputed(user_id, at=clock.now() + timedelta(hours=1)))  # type: ignore[misc]
        kept = run(lambda user_id=user_id: looking_back.kept(user_id, at=clock.now()))  # type: ignore[misc]
        assert kept is not None
        assert again.rule.score[0] == kept.score
