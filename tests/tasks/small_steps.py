"""The worker as it is, but in steps of a few savers, so that it can be killed between two of them."""

from __future__ import annotations

import sys

from app.services.gamification import board_values, boards
from app.services.ops import auto_deposits, closing, loans, local_hours, scores, upkeep

STEP = 2


def shorten() -> None:
    """Make every job of this process go on in small steps."""
    for module in (auto_deposits, board_values, boards, loans, local_hours, scores, upkeep):
        module.CHUNK = STEP  # type: ignore[attr-defined]
    assert closing.close_days.__kwdefaults__ is not None
    closing.close_days.__kwdefaults__["chunk"] = STEP


if __name__ == "__main__":
    from wsgi import celery

    shorten()
    celery.worker_main(["worker", "-c", "1", "--without-mingle", "--without-gossip", *sys.argv[1:]])
