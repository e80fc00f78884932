"""What became of the saving: streaks, badges, scores."""

from __future__ import annotations

from app.scoring.policy import policy
from app.services.credit.scoring import FEATURE_SETS
from app.services.ops.privacy.holding import JARS, Holding, Row, Section, columns

SCORED = columns(
    "as_of", "status", "score", "predicted_score", "probability", "policy_version", "model_version", "points",
    "feature_set", "features",
)  # fmt: skip


def _named(row: Row) -> Row:
    """Points by their factors, measurements by their names."""
    factors, measured = policy(row["policy_version"]).weights, FEATURE_SETS[row.pop("feature_set")]
    row["points"] = dict(zip(factors, row["points"] or (), strict=False))
    row["features"] = dict(zip(measured, row["features"] or (), strict=False))
    return row


HOLDINGS = (
    Holding(
        "saver_habits",
        "How far a saver's days are closed, freezes, tallies",
        Section(
            "habits",
            columns(
                "time_zone",
                "freezes_held",
                "freeze_parts",
                "closed_through",
                "week_closed",
                "week_on_time",
                "month_closed",
                "month_on_time",
                "all_closed",
                "all_on_time",
            ),
            "FROM saver_habits t WHERE t.user_id = %(user)s",
            whole=True,
        ),
        erased=("DELETE FROM saver_habits WHERE user_id = %(user)s",),
    ),
    Holding(
        "frozen_periods",
        "Missed periods that a freeze was used on",
        Section(
            "freezes_used",
            columns("jar_id", "period_start", "closed_on"),
            f"FROM frozen_periods t WHERE t.jar_id IN {JARS} ORDER BY t.closed_on, t.jar_id",
        ),
        erased=(f"DELETE FROM frozen_periods WHERE jar_id IN {JARS}",),  # noqa: S608
    ),
    Holding(
        "badges",
        "Badges",
        Section(
            "badges",
            columns("badge_type", "jar_id", "earned_at", "transaction_id"),
            "FROM badges t WHERE t.user_id = %(user)s ORDER BY t.earned_at, t.id",
        ),
        withheld={"id": "a number of ours"},
        erased=("DELETE FROM badges WHERE user_id = %(user)s",),
    ),
    Holding(
        "credit_scores",
        "The newest score",
        Section(
            "score",
            SCORED | columns("last_updated", "reasons", "first_score", "told_score", "told_at"),
            "FROM credit_scores t WHERE t.user_id = %(user)s",
            whole=True,
            shaped=_named,
        ),
        withheld={"id": "a number of ours"},
        erased=("DELETE FROM credit_scores WHERE user_id = %(user)s",),
    ),
    Holding(
        "credit_score_history",
        "Changes of scores, with what they were made of",
        Section(
            "score_history",
            SCORED | columns("cause", "transaction_id"),
            "FROM credit_score_history t WHERE t.user_id = %(user)s ORDER BY t.as_of, t.id",
            shaped=_named,
        ),
        withheld={"id": "a number of ours"},
        erased=("DELETE FROM credit_score_history WHERE user_id = %(user)s",),
    ),
)
