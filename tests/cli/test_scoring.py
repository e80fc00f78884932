"""`flask scoring show` and `recalculate`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Flask

from app.services.credit.refresh import refresh_all
from app.services.credit.storing import Cause
from app.transactions import fetch, run
from tests.cli.conftest import Invoke
from tests.conftest import Clock
from tests.factories import Saver, make_saver


def changes(app: Flask, saver: Saver) -> list[tuple[object, ...]]:
    sql = "SELECT as_of, score, points FROM credit_score_history WHERE user_id = %s ORDER BY as_of, id"
    with app.app_context():
        return run(lambda: fetch(sql, (saver.id,)))


def live(app: Flask, saver: Saver, clock: Clock, days: int) -> None:
    jar = saver.jar()
    for _ in range(days):
        clock.advance(hours=20)
        saver.deposit(jar)
        with app.app_context():
            run(lambda: refresh_all([saver.id], Cause("deposit"), at=clock.now()))
        clock.advance(hours=4)


def test_a_score_recomputed_for_any_past_instant_is_the_stored_one(app: Flask, flask: Invoke, clock: Clock) -> None:
    saver = make_saver(app)
    live(app, saver, clock, 8)
    kept = changes(app, saver)
    assert len(kept) > 4
    for as_of, score, points in kept:
        for at in (as_of, as_of + timedelta(minutes=5)):  # type: ignore[operator]
            shown = flask("scoring", "show", saver.email, "--at", at.isoformat())
            assert shown.exit_code == 0, shown.output
            assert f"score {score} by rule-1: 300" in shown.output
            for value in points:  # type: ignore[attr-defined]
                assert f"+ {value:3} of" in shown.output
            assert f"score {score}," in shown.output.splitlines()[-1]
    newest = flask("scoring", "show", saver.email)
    assert f"score {kept[-1][1]} by rule-1" in newest.output
    before = flask("scoring", "show", saver.email, "--at", "2026-07-15T06:30:00")
    assert "no_history, 0 closed periods" in before.output
    assert "Nothing was kept by then." in before.output
    assert "known                0" in before.output


def test_nobody_and_no_instant_are_said_so(app: Flask, flask: Invoke) -> None:
    missing = flask("scoring", "show", "nobody@example.com")
    assert (missing.exit_code, "There is no account" in missing.output) == (1, True)
    saver = make_saver(app)
    wrong = flask("scoring", "show", saver.email, "--at", "yesterday")
    assert (wrong.exit_code, "is no instant" in wrong.output) == (2, True)


def test_one_score_and_all_of_them_are_made_anew(app: Flask, flask: Invoke, clock: Clock) -> None:
    saver, other = make_saver(app), make_saver(app)
    for person in (saver, other):
        person.deposit(person.jar())

    def scored() -> set[UUID]:
        with app.app_context():
            rows = run(lambda: fetch("SELECT user_id FROM credit_scores WHERE as_of = %s", (clock.now(),)))
        return {row[0] for row in rows} & {saver.id, other.id}

    clock.advance(days=400)  # later than whatever other tests have stored
    done = flask("scoring", "recalculate", "--user", saver.email)
    assert (done.exit_code, done.output) == (0, f"The score of {saver.email} is made anew.\n")
    assert scored() == {saver.id}
    done = flask("scoring", "recalculate", "--quiet")
    assert done.exit_code == 0, done.output
    assert "savers are made anew." in done.output
    assert scored() == {saver.id, other.id}
