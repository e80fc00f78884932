"""The product's clock stands where a history is told, for whoever tells it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from app import clock as product_clock
from tests.conftest import Clock

THEN = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)  # in Kolkata, the second begins


def test_the_clock_stands_at_an_instant_and_goes_on_afterwards(clock: Clock) -> None:
    usual = product_clock.now()
    with product_clock.standing_at(THEN):
        assert (product_clock.now(), product_clock.today("Asia/Kolkata")) == (THEN, date(2026, 3, 2))
        with product_clock.standing_at(THEN - timedelta(seconds=1)):
            assert product_clock.today("Asia/Kolkata") == date(2026, 3, 1)
        assert product_clock.now() == THEN
        assert product_clock.present() == usual
    with pytest.raises(ValueError, match="no story"), product_clock.standing_at(THEN):
        raise ValueError("no story")
    assert product_clock.now() == usual


def test_it_goes_on_for_others_meanwhile(clock: Clock) -> None:
    with ThreadPoolExecutor(1) as others, product_clock.standing_at(THEN):
        assert others.submit(product_clock.now).result() == clock.at
