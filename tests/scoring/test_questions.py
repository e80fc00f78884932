"""Features of any past morning are those that were known then, whatever has come since."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scoring.features import SIGNS, Instalments
from app.scoring.obligations import obligations
from app.scoring.questions import features_before, labelled
from tests.scoring.columns import Saver, columns, features, ints, number
from tests.scoring.test_obligations import FIRST, people

checked = settings(max_examples=150, deadline=None, derandomize=True)
LATEST = FIRST + timedelta(400)


@checked
@given(st.data(), people)
def test_nothing_after_a_morning_changes_what_was_known_on_it(data: st.DataObject, savers: list[Saver]) -> None:
    jars, pauses, movements = columns(savers)
    whole = obligations(jars, pauses, movements, ints([number(LATEST)] * len(savers)))
    days = [FIRST + timedelta(data.draw(st.integers(0, 200))) for _ in savers]
    found = features_before(
        whole, jars, movements, Instalments.none(len(savers)), saver=np.arange(len(savers)),
        as_of=ints([number(day) for day in days]),
    )  # fmt: skip
    then = features(savers, days)
    assert list(found.closed) == list(then.closed)
    for name in SIGNS:
        assert np.allclose(found.columns[name], then.columns[name], rtol=1e-12, atol=1e-12, equal_nan=True), name


@checked
@given(people)
def test_a_row_s_label_is_its_own_period_and_its_features_end_before_it(savers: list[Saver]) -> None:
    jars, pauses, movements = columns(savers)
    whole = obligations(jars, pauses, movements, ints([number(LATEST)] * len(savers)))
    rows = labelled(whole, jars, movements, Instalments.none(len(savers)), at_least=2)
    assert (rows.features.closed >= 2).all()
    asked = {(int(saver), int(day)) for saver, day in zip(rows.saver, rows.as_of, strict=True)}
    for saver in range(len(savers)):
        begin, end = whole.starts[saver], whole.starts[saver + 1]
        for row in range(begin, end):
            known = int((whole.closed[begin:end] < whole.begun[row]).sum())
            assert ((saver, int(whole.begun[row])) in asked) == (known >= 2)
