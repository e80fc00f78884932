"""How much and how often, against a slow reading of the same movements."""

from __future__ import annotations

from itertools import pairwise
from statistics import pstdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scoring.deposits import HALF_YEAR, in_time
from app.scoring.histories import NEVER, Jars, Movements
from tests.scoring.columns import ints

checked = settings(max_examples=300, deadline=None, derandomize=True)
# Of each saver a list of jars, of each jar its movements: day, amount, whether it says nothing about keeping.
savers = st.lists(
    st.lists(
        st.lists(st.tuples(st.integers(9_000, 9_400), st.integers(-900, 900), st.booleans()), max_size=12).map(sorted),
        max_size=2,
    ),
    min_size=1,
    max_size=4,
)


@checked
@given(st.data(), savers)
def test_sums_and_rhythm_of_a_stretch_of_days(
    data: st.DataObject, people: list[list[list[tuple[int, int, bool]]]]
) -> None:
    owner = ints([saver for saver, jars in enumerate(people) for _ in jars])
    moves = [(jar, *move) for jar, moved in enumerate([jar for jars in people for jar in jars]) for move in moved]
    nothing = np.zeros(len(owner), dtype=np.int64)
    jars = Jars(owner, nothing.astype(np.int8), nothing, nothing, nothing + NEVER, nothing + NEVER)
    columns = [ints([move[column] for move in moves]) for column in range(3)]
    found = in_time(jars, Movements(*columns, np.array([move[3] for move in moves], dtype=bool)))
    until = data.draw(st.lists(st.integers(8_900, 9_500), min_size=len(people), max_size=len(people)))
    since = data.draw(st.lists(st.integers(8_900, 9_500), min_size=len(people), max_size=len(people)))
    since = [min(pair) for pair in zip(since, until, strict=True)]
    everybody = np.arange(len(people))
    paid_in, paid_out, unlike = found.amounts(everybody, ints(since), ints(until))
    lately, apart = found.rhythm(everybody, ints(until))
    for saver, own in enumerate(people):
        within = [move for jar in own for move in jar if since[saver] <= move[0] < until[saver]]
        deposits = [amount for _, amount, _ in within if amount > 0]
        assert paid_in[saver] == sum(deposits)
        assert paid_out[saver] == -sum(amount for _, amount, exempt in within if amount < 0 and not exempt)
        expected = pstdev(deposits) / (sum(deposits) / len(deposits)) if len(deposits) > 1 else 0.0
        assert unlike[saver] == pytest.approx(expected, abs=1e-6)
        on = sorted(day for jar in own for day, amount, _ in jar if amount > 0 and day < until[saver])
        assert lately[saver] == sum(day >= until[saver] - 31 for day in on)
        on = [day for day in on if day >= until[saver] - HALF_YEAR]
        gaps = [later - earlier for earlier, later in pairwise(on)]
        alone = until[saver] - on[0] if on else HALF_YEAR
        assert apart[saver] == pytest.approx(sum(gaps) / len(gaps) if gaps else alone)
