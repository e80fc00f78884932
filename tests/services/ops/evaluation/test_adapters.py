"""What a history without a plan is made to ask for, against a slow reading of the same rules."""

from __future__ import annotations

import statistics
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.periods import Plan, period_of
from app.scoring.calendars import CODES, GRACE
from app.scoring.histories import NEVER, Jars, Movements
from app.services.ops.evaluation.adapters import number, rhythm, usual
from app.services.ops.evaluation.settings import Question
from tests.scoring.columns import EPOCH, ints

FIRST = date(2023, 11, 20)
UNTIL = date(2024, 12, 10)
checked = settings(max_examples=200, deadline=None, derandomize=True)
moves = st.lists(st.tuples(st.integers(0, 400), st.integers(-300, 900)), max_size=60).map(sorted)


def columns(people: list[list[tuple[int, int]]], plan: Plan) -> tuple[Jars, Movements]:
    """A jar for each, from its first movement on."""
    first = [number(FIRST) + (own[0][0] if own else 0) for own in people]
    empty = np.zeros(len(people), dtype=np.int64)
    jars = Jars(np.arange(len(people)), np.full(len(people), CODES[plan], dtype=np.int8), empty, ints(first),
                empty + NEVER, empty + NEVER)  # fmt: skip
    moved = [(jar, number(FIRST) + day, amount) for jar, own in enumerate(people) for day, amount in own]
    found = [ints([move[column] for move in moved]) for column in range(3)]
    return jars, Movements(*found, np.zeros(len(moved), dtype=bool))


@checked
@pytest.mark.parametrize("plan", [Plan.DAILY, Plan.WEEKLY, Plan.MONTHLY])
@given(people=st.lists(moves, min_size=1, max_size=3))
def test_the_usual_is_what_the_slow_definition_says(plan: Plan, people: list[list[tuple[int, int]]]) -> None:
    question = Question(plan=plan, commitment="usual", share=0.8, periods=4, least=2, grace=3)
    jars, movements = columns(people, plan)
    grace = np.full(len(GRACE), question.grace)
    found = usual(jars, movements, ints([number(UNTIL)] * len(people)), grace, question)
    for saver, own in enumerate(people):
        deposits = [(FIRST + timedelta(day), amount) for day, amount in own if amount > 0]
        start = date.fromordinal(int(jars.first_day[saver]) + EPOCH)
        full, period = [], period_of(plan, start)
        expected = []
        while (period := period_of(plan, period.end + timedelta(1))).start < UNTIL:
            within = [each for each in deposits if period.start <= each[0] <= period.end and each[0] < UNTIL]
            before = full[-question.periods :]
            full.append((period, within))
            if len(before) < question.least:
                continue
            wanted = statistics.median([sum(amount for _, amount in made) for _, made in before])
            days = [
                (min(made, key=lambda each: (-each[1], each[0]))[0] - other.start).days
                for other, made in before
                if made
            ]
            if wanted <= 0:
                continue
            due = min(period.start + timedelta(int(statistics.median(days))), period.end)
            closed = due + timedelta(3)
            if closed < UNTIL:
                came = sum(amount for day, amount in within if day <= closed)
                expected.append(
                    (number(period.start), number(due), number(closed), came * 10 >= wanted * 8, len(within))
                )
        rows = range(found.starts[saver], found.starts[saver + 1])
        names = ("begun", "due", "closed", "on_time", "deposits")
        assert [tuple(int(getattr(found, name)[row]) for name in names) for row in rows] == expected


@pytest.mark.parametrize(
    ("apart", "plan"), [(1, "daily"), (3, "weekly"), (7, "weekly"), (14, "monthly"), (30, "monthly")]
)
def test_the_rhythm_suggests_a_plan(apart: int, plan: str) -> None:
    _, movements = columns([[(step * apart, 5) for step in range(9)]], Plan.FLEXIBLE)
    assert rhythm(movements) == plan
