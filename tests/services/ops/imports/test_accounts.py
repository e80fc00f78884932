from __future__ import annotations

import pytest

from app.services.ops.imports.accounts import address, goal_above
from tests.services.ops.imports.conftest import mapping


@pytest.mark.parametrize(
    ("peak", "goal"),
    [
        (0, 100_000),
        (99_999, 100_000),
        (100_000, 125_000),
        (149_900, 150_000),
        (1_000_000, 1_250_000),
        (10**15, 125 * 10**13),
    ],
)
def test_a_goal_is_a_round_sum_above_the_largest_balance(peak: int, goal: int) -> None:
    assert goal_above(peak) == goal


def test_addresses_are_of_their_own_and_go_nowhere() -> None:
    checked = mapping(name="mine")
    assert address("42-a", checked) == "mine-42-a@import.invalid"
    odd = ["A", "a", "ä", "a b", "a@b", "-", "a..b", "x" * 41, "{account}"]
    made = [address(account, checked) for account in odd]
    assert len(set(made)) == len(odd)
    assert all(each.endswith("@import.invalid") and each.isascii() and " " not in each for each in made)
