"""Scores, kept up with what happens."""

from __future__ import annotations

from functools import partial
from typing import Any

from app import clock
from app.extensions import celery
from app.services.credit.refresh import causes_of, refresh
from app.transactions import run

SAVERS_AT_ONCE = 500


@celery.task(name="credit.refresh")
def refresh_scores(messages: list[dict[str, Any]]) -> None:
    """Make the scores of these savers anew, as committed now."""
    causes = list(causes_of(messages).items())
    for start in range(0, len(causes), SAVERS_AT_ONCE):
        run(partial(_refresh, dict(causes[start : start + SAVERS_AT_ONCE])))


def _refresh(causes: Any) -> None:
    refresh(causes, at=clock.now())
