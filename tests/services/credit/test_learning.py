"""What models learn from is what was known on each morning, the same rows whoever reads them in what order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from flask import Flask

from app.scoring.policy import policy
from app.scoring.questions import Labelled
from app.services.credit.gathering import gather
from app.services.credit.learning import labelled_then, learn
from app.services.ops.reversals import reverse
from app.services.savings.movements import book
from app.transactions import run
from tests.conftest import Clock
from tests.factories import make_saver
from tests.services.credit import histories
from tests.services.credit.histories import MONDAY


def same(one: Labelled, other: Labelled) -> bool:
    names = [field.name for field in fields(Labelled) if field.name != "features"]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names) and all(
        np.array_equal(column, other.features.columns[name], equal_nan=True)
        for name, column in one.features.columns.items()
    )


def day(number: int) -> int:
    """So many days after the first Monday, as rows have it."""
    return (MONDAY + timedelta(number)).toordinal() - datetime(1970, 1, 1).toordinal()


def test_every_closed_week_with_two_before_it_is_a_row(with_history: Callable[..., Flask], clock: Clock) -> None:
    app, told = with_history(), []
    with app.app_context():
        rows = learn(policy(), at=clock.now(), report=lambda done, total: told.append((done, total)), chunk=40)
        assert told == [(40, 90), (80, 90), (90, 90)]
        # 27 weeks: a week's grace is its next Monday, so two are over on the morning of the fourth.
        # Less those who had made no deposit for twelve weeks.
        expected = sum(len(weeks) for weeks in histories.asked_about(histories.rows(90, 27)).values())
        assert 1900 < len(rows) == expected < 90 * 24
        assert len(np.unique(rows.saver)) == 90
        assert (rows.as_of.min(), rows.closed.max()) == (day(21), day(7 * 27))
        assert same(rows, learn(policy(), at=clock.now(), chunk=7))
        newest = learn(policy(), at=clock.now(), since=day(7 * 20))
        assert sorted(newest.as_of) == sorted(rows.as_of[rows.as_of >= day(7 * 20)])
        earlier = learn(policy(), at=clock.now() - timedelta(70))
        assert sorted(earlier.as_of) == sorted(rows.as_of[rows.closed < day(7 * 17 + 2)])


def test_the_same_history_taken_in_again_is_the_same_rows(
    with_history: Callable[..., Flask], new_app: Callable[..., Flask], clock: Clock, tmp_path: Path
) -> None:
    other = new_app()
    # Savers get other ids, in another order.
    histories.take_in(other, tmp_path, sorted(histories.rows(90, 27), key=lambda line: line.split(",")[1::-1]))
    found = []
    for app in (with_history(), other):
        with app.app_context():
            found.append(learn(policy(), at=clock.now()))
    assert same(*found)


def test_where_there_is_no_room_for_all_some_savers_stand_for_them(
    with_history: Callable[..., Flask], clock: Clock
) -> None:
    with with_history().app_context():
        some = learn(policy(), at=clock.now(), most_rows=1000)
        assert 300 < len(some) <= 1000
        # Whole savers, each with all their rows.
        every = sorted(len(weeks) for weeks in histories.asked_about(histories.rows(90, 27)).values())
        left = list(every)
        for count in np.unique(some.saver, return_counts=True)[1].tolist():
            left.remove(count)
        assert 0 < len(left) < len(every)
        assert same(some, learn(policy(), at=clock.now(), most_rows=1000, chunk=13))


def test_nobody_is_no_row(new_app: Callable[..., Flask], clock: Clock) -> None:
    with new_app().app_context():
        assert len(learn(policy(), at=clock.now())) == 0


def test_who_is_gone_is_asked_about_no_more(app: Flask, weeks: dict[str, Any], clock: Clock) -> None:
    # The last deposit is of the sixth week; twelve weeks later without one, they are gone, until they come back.
    clock.set(datetime(2026, 1, 6, 6, tzinfo=UTC) + timedelta(7 * 40))
    weeks["saver"].deposit(weeks["jar"], "50")
    clock.set(datetime(2026, 1, 6, 6, tzinfo=UTC) + timedelta(7 * 43))
    found = asked(app, weeks["saver"], clock)
    # On the morning of a week, the one before it is still within its grace: the twelfth is known on that of the 19th.
    assert set(found) == {*range(3, 19), 42}


@pytest.fixture
def weeks(app: Flask, clock: Clock) -> dict[str, Any]:
    """A saver who put 50 into a weekly jar in each of six weeks, and the jar; it is the seventh week's Wednesday."""
    clock.set(datetime(2026, 1, 6, 6, tzinfo=UTC))
    saver = make_saver(app)
    jar = saver.jar(plan_type="weekly", installment_amount="50", target_amount="5000")
    ids = []
    for week in range(6):
        clock.set(datetime(2026, 1, 6, 6, tzinfo=UTC) + timedelta(7 * week))
        ids.append(UUID(saver.deposit(jar, "50").json["transaction"]["id"]))
    clock.set(datetime(2026, 2, 18, 6, tzinfo=UTC))
    return {"saver": saver, "jar": jar, "deposits": ids}


def asked(app: Flask, saver: Any, clock: Clock) -> dict[int, tuple[bool, float, float]]:
    """By the week asked about: whether it was on time, how many before it had been, and the deposits in each."""
    with app.app_context():
        rows = run(lambda: labelled_then(gather([saver.id], at=clock.now()), at_least=2))
    columns = rows.features.columns
    return {
        (int(begun) - day(0)) // 7: (bool(label), on_time, round(made, 3))
        for begun, label, on_time, made in zip(
            rows.as_of, rows.on_time, columns["n_on_total"], columns["dep_per_period"], strict=True
        )
    }


def test_as_long_as_nothing_changes_the_history_is_what_was_known(
    app: Flask, weeks: dict[str, Any], clock: Clock
) -> None:
    assert asked(app, weeks["saver"], clock) == {week: (True, week - 1, 1.0) for week in range(3, 6)}


def test_what_was_taken_back_later_was_known_until_then(app: Flask, weeks: dict[str, Any], clock: Clock) -> None:
    # The deposit of the second week bounces in the fifth, on its Thursday.
    clock.set(datetime(2026, 2, 5, 6, tzinfo=UTC))
    with app.app_context():
        run(lambda: reverse(weeks["deposits"][1], reason="test", by=None, second=None, at=clock.now()))
    clock.set(datetime(2026, 2, 18, 6, tzinfo=UTC))
    assert asked(app, weeks["saver"], clock) == {3: (True, 2, 1.0), 4: (True, 3, 1.0), 5: (True, 3, 0.75)}


def test_the_label_is_what_stands_in_the_end(app: Flask, weeks: dict[str, Any], clock: Clock) -> None:
    with app.app_context():
        run(lambda: reverse(weeks["deposits"][4], reason="test", by=None, second=None, at=clock.now()))
    assert asked(app, weeks["saver"], clock) == {3: (True, 2, 1.0), 4: (False, 3, 1.0), 5: (True, 4, 1.0)}


def test_what_was_booked_late_was_not_known_before(app: Flask, weeks: dict[str, Any], clock: Clock) -> None:
    # Made in the second week, and told to us on the fifth week's Thursday only.
    clock.set(datetime(2026, 2, 5, 6, tzinfo=UTC))
    made, jar = datetime(2026, 1, 14, 6, tzinfo=UTC), UUID(weeks["jar"])
    with app.app_context():
        saver = weeks["saver"].principal()
        run(lambda: book(saver, "deposit", jar, 5000, None, at=made, allowed=lambda locked: None))
    clock.set(datetime(2026, 2, 18, 6, tzinfo=UTC))
    assert asked(app, weeks["saver"], clock) == {3: (True, 2, 1.0), 4: (True, 3, 1.0), 5: (True, 4, 1.25)}


def test_both_at_once_and_among_others(app: Flask, weeks: dict[str, Any], clock: Clock) -> None:
    """Alone and in one chunk with a saver of whom nothing changed, each is asked as before."""
    clock.set(datetime(2026, 1, 6, 6, tzinfo=UTC))
    other = make_saver(app)
    jar = other.jar(plan_type="weekly", installment_amount="50", target_amount="5000")
    for week in range(6):
        clock.set(datetime(2026, 1, 7, 6, tzinfo=UTC) + timedelta(7 * week))
        other.deposit(jar, "60")
        if week == 4:
            with app.app_context():
                run(lambda: reverse(weeks["deposits"][0], reason="test", by=None, second=None, at=clock.now()))
    clock.set(datetime(2026, 2, 18, 6, tzinfo=UTC))
    alone = {
        (saver.id, week): row for saver in (weeks["saver"], other) for week, row in asked(app, saver, clock).items()
    }
    with app.app_context():
        gathered = run(lambda: gather([other.id, weeks["saver"].id], at=clock.now()))
        rows = run(lambda: labelled_then(gathered, at_least=2))
    assert len(rows) == len(alone) == 6
    for saver, begun, label, on_time in zip(
        rows.saver, rows.as_of, rows.on_time, rows.features.columns["n_on_total"], strict=True
    ):
        assert alone[gathered.savers[saver], (int(begun) - day(0)) // 7][:2] == (bool(label), on_time)
