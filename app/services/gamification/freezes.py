"""How far the next freeze is."""

from __future__ import annotations

from app.periods import Plan
from app.services.gamification.habit import EARNED, MOST_FREEZES, PARTS_OF_A_FREEZE, Freezes


def periods_to_next(freezes: Freezes, plan: Plan) -> int | None:
    """How many more periods of ``plan`` must close as met until the next freeze; None while no more can be held."""
    if freezes.held >= MOST_FREEZES or plan == Plan.FLEXIBLE:
        return None
    return -(-(PARTS_OF_A_FREEZE - freezes.parts) // EARNED[plan])


def share_of_next(freezes: Freezes) -> float:
    """How much of the next freeze is earned, 0 to 1."""
    return freezes.parts / PARTS_OF_A_FREEZE
