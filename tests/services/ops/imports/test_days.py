from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.services.ops.imports.days import closing_balance, credits_first, parts
from app.services.ops.imports.reading import Line
from app.services.ops.imports.rows import Refused, Row


def row(day: int, signed: int = 1) -> Row:
    kind = "deposit" if signed > 0 else "withdraw"
    noon = datetime(2025, 1, day, 6, 30, tzinfo=UTC)
    return Row(Line(1, day, ""), "a", kind, abs(signed), noon, date(2025, 1, day), None)


def test_credits_come_first_within_a_day_only() -> None:
    ordered = credits_first([row(1, -1), row(1, 2), row(2, -3), row(2, 4), row(2, -5)])
    assert [each.signed for each in ordered] == [2, -1, 4, -3, -5]


@pytest.mark.parametrize(
    ("of_day", "closing"),
    [
        ([(100, 700)], 700),
        ([(-1460, 5000), (20, 6460)], 5000),  # 6440 + 20 = 6460, then 1460 out
        ([(2367200, 5084250), (-1460, 5095610), (12830, 5097070)], 5095610),
        ([(100, 199), (100, 101), (100, 300)], 300),  # figures rounded by one
        ([(5, 5), (5, 10), (-5, 5)], 5),
    ],
)
def test_the_balance_at_the_end_of_a_day_without_times(of_day: list[tuple[int, int]], closing: int) -> None:
    assert closing_balance(of_day) == closing


def test_parts_keep_days_whole_up_to_a_limit() -> None:
    refused = Refused(Line(1, 1, ""), "blank_line", "")
    items: list[Row | Refused] = [row(1), row(2), row(2), refused, row(2), row(3), row(3)]
    assert [len(part) for part in parts(items, 2, whole_days=False)] == [2, 2, 2, 1]
    assert [len(part) for part in parts(items, 2, whole_days=True)] == [5, 2]
    assert [len(part) for part in parts([row(1)] * 9, 2, whole_days=True)] == [8, 1]
    assert list(parts([], 2, whole_days=True)) == []
