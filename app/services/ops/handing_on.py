"""The relay as a job: batch after batch until nothing that is due waits."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import current_app

from app.services.ops.job_runs import Round
from app.services.outbox import relay as outbox
from app.transactions import run

BATCHES = 50


def hand_on(turn: Round) -> int:
    """Publish what waits, as the tasks of this application are told (``publish`` among its extensions); how much."""
    publish = current_app.extensions["publish"]
    handed_on = 0
    for _ in range(BATCHES):
        # Facts of the future exist when the product's clock was moved: those are due by that clock.
        count = run(lambda: outbox.relay(publish, now=max(turn.at, datetime.now(UTC))))
        handed_on += count
        if count < outbox.BATCH:
            break
    return handed_on
