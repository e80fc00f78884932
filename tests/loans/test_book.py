"""Where a payment goes, what closing costs, and what a default takes: no paisa is lost or invented."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.loans.book import Instalment, closing, overdue, owed, pay, settle
from app.loans.schedule import months_after, schedule

ACCEPTED = date(2026, 7, 15)


def book_of(amount: int = 2_000_000, months: int = 24, accepted: date = ACCEPTED) -> list[Instalment]:
    return [
        Instalment(
            part.number, months_after(accepted, part.number - 1), months_after(accepted, part.number), part.principal,
            part.interest,
        )
        for part in schedule(amount, 1_500, months)
    ]  # fmt: skip


def paid(book: list[Instalment]) -> int:
    return sum(row.paid_principal + row.paid_interest + row.paid_charge for row in book)


def test_an_instalment_on_its_day_pays_that_instalment() -> None:
    book = book_of()
    split = pay(book, 96_973, months_after(ACCEPTED, 1))
    assert (split.principal, split.interest, split.charges) == (71_973, 25_000, 0)
    assert book[0].paid_on == months_after(ACCEPTED, 1)
    assert book[1].paid_on is None
    assert book[1].paid_interest == 0


def test_the_oldest_instalment_first_then_charges_then_those_ahead() -> None:
    book, day = book_of(), months_after(ACCEPTED, 2)
    book[0].charge = 1_939
    pay(book, 96_973 + 1_000, day)
    assert (book[0].open, book[1].paid_interest, book[0].paid_charge) == (0, 1_000, 0)
    pay(book, 96_973 - 1_000 + 939, day)
    assert (book[1].open, book[0].open_charge, book[2].paid_interest) == (0, 1_000, 0)
    pay(book, 1_500, day)
    assert (book[0].open_charge, book[2].paid_interest) == (0, 500)


def test_closing_early_costs_interest_to_date_only() -> None:
    book = book_of()
    assert closing(book, ACCEPTED).total == 2_000_000
    assert closing(book, ACCEPTED + timedelta(days=31)).interest == 25_000
    half = closing(book, ACCEPTED + timedelta(days=15))
    assert half.interest == (2 * 25_000 * 15 + 31) // 62
    whole = pay(book, half.total, ACCEPTED + timedelta(days=15))
    assert whole == half
    assert all(row.open == 0 for row in book)
    assert owed(book) == 0
    assert sum(row.waived for row in book) == sum(row.interest for row in book) - half.interest


def test_interest_that_was_paid_ahead_is_counted_where_the_months_do_not_come() -> None:
    book = book_of()
    pay(book, 5 * 96_973, ACCEPTED)
    left = closing(book, ACCEPTED)
    assert left.interest < 0
    assert left.total == 2_000_000 - 5 * 96_973
    pay(book, left.total, ACCEPTED)
    assert paid(book) == 2_000_000


@pytest.mark.parametrize("amount", [0, -1, 2_000_001])
def test_nothing_and_more_than_is_owed_are_refused(amount: int) -> None:
    book = book_of()
    before = deepcopy(book)
    with pytest.raises(ValueError, match="at most what is owed"):
        pay(book, amount, ACCEPTED)
    assert book == before


@settings(max_examples=300, deadline=None)
@given(
    amount=st.integers(200_000, 5_000_000), months=st.sampled_from([6, 12, 18, 24]),
    steps=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 1_000_000)), max_size=30),
)  # fmt: skip
def test_what_closing_costs_falls_by_what_is_paid_and_the_parts_are_the_whole(
    amount: int, months: int, steps: list[tuple[int, int]]
) -> None:
    book, day, total = book_of(amount, months), ACCEPTED, 0
    for days, wanted in steps:
        day += timedelta(days=days)
        for row in overdue(book, day - timedelta(days=3)):
            row.charge = row.charge or 1_000
        before = closing(book, day)
        if not before.total:
            break
        now = min(wanted, before.total)
        split = pay(book, now, day)
        total += now
        assert split.total == now
        assert closing(book, day).total == before.total - now
        assert paid(book) == total
        for row in book:
            assert 0 <= row.paid_principal <= row.principal
            assert 0 <= row.paid_interest <= row.interest - row.waived
            assert row.open_charge >= 0
            assert (row.paid_on is not None) == (row.open == 0)
    assert closing(book, day).total >= 0
    assert sum(row.principal - row.paid_principal for row in book) == owed(book) >= 0
    whole, locked = closing(book, day), amount - amount // 50
    if whole.total:
        end = settle(book, locked, day)
        assert end.split.total + end.rest == locked
        assert min(end.rest, end.split.principal, end.written_off, end.split.charges) >= 0
        assert end.split.principal + end.written_off == whole.principal
        assert not (end.rest and end.split.total != whole.total)
