"""Columns are read as PostgreSQL sends them, and nothing but rows of fixed width is taken."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from app.services.credit.binary import EPOCH_DAYS, INFINITY, columns
from app.transactions import run

SENT = (
    "SELECT n::smallint, date '1970-01-01' + n, '019b76da-abe8-7f7f-ba3d-f36e9d75fc9b'::uuid"
    " FROM generate_series(1, %s) n"
)
TYPES = {"n": "int2", "day": "date", "id": "uuid"}


def test_rows_as_columns(app: Flask) -> None:
    with app.app_context():
        found = run(lambda: columns(SENT, (3,), TYPES))
        nothing = run(lambda: columns(SENT, (0,), TYPES))
        endless = run(lambda: columns("SELECT 'infinity'::date", (), {"day": "date"}))
    assert found["n"].tolist() == found["day"].tolist() == [1, 2, 3]
    halves = zip(found["id_high"].tolist(), found["id_low"].tolist(), strict=True)
    assert {UUID(int=high << 64 | low) for high, low in halves} == {UUID("019b76da-abe8-7f7f-ba3d-f36e9d75fc9b")}
    assert [len(column) for column in nothing.values()] == [0, 0, 0, 0]
    assert endless["day"].tolist() == [INFINITY + EPOCH_DAYS]


@pytest.mark.parametrize(
    "query",
    ["SELECT 1::smallint, NULL::date", "SELECT 1::smallint, 5::bigint", "SELECT 1::smallint", "SELECT NULL, NULL"],
)
def test_what_is_of_another_width_is_refused(app: Flask, query: str) -> None:
    with app.app_context(), pytest.raises(ValueError, match="another type"):
        run(lambda: columns(query, (), {"n": "int2", "day": "date"}))
