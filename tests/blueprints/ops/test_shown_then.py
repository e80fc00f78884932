"""What a saver saw when they asked: every fact that is kept has its words."""

from __future__ import annotations

from datetime import UTC, datetime

from app.blueprints.ops.shown_then import APART, FACTS, facts_then
from app.services.ops.support_requests import LOAN_FACTS, MOVEMENT_FACTS, SCORE_FACTS


def test_every_fact_that_is_kept_has_words() -> None:
    assert {*SCORE_FACTS, *MOVEMENT_FACTS, *LOAN_FACTS} - APART == set(FACTS)


def test_values_are_drawn_by_what_they_are() -> None:
    shown = {"later": 3, "status": "no_history", "rate": 1500, "as_of": "2026-07-15T13:30:00+00:00",
             "model_version": None, "cancel_reason": "cooling_off", "points": [1],
             "features": {"streak": 2}}  # fmt: skip
    assert facts_then(shown) == [
        ("State", "text", "no history yet"),
        ("Model", "text", "–"),
        ("As of", "instant", datetime(2026, 7, 15, 13, 30, tzinfo=UTC)),
        ("Interest a year", "percent", 1500),
        ("Ended because", "text", "within the cooling-off"),
        ("Later", "text", 3),
    ]
