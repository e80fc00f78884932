import pytest

from app.periods import Plan
from app.services.gamification.freezes import periods_to_next, share_of_next
from app.services.gamification.habit import Freezes


@pytest.mark.parametrize("plan", [Plan.DAILY, Plan.WEEKLY, Plan.MONTHLY])
@pytest.mark.parametrize("held", [0, 1])
def test_after_so_many_met_periods_there_is_one_more_and_not_before(plan, held):
    for parts in range(28):
        freezes = start = Freezes(held, parts)
        periods = periods_to_next(start, plan)
        assert periods is not None
        for number in range(1, periods + 1):
            freezes = freezes.after_met(plan)
            assert (freezes.held > held) == (number == periods)


def test_nothing_grows_while_two_are_held():
    assert periods_to_next(Freezes(2, 0), Plan.DAILY) is None


def test_a_flexible_jar_earns_none():
    assert periods_to_next(Freezes(0, 0), Plan.FLEXIBLE) is None


def test_the_share():
    assert [share_of_next(Freezes(0, parts)) for parts in (0, 7, 14)] == [0, 0.25, 0.5]
