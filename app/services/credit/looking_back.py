"""One saver's score as of any instant, recomputed from the history, beside what was kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.scoring.policy import CURRENT, policy
from app.services.credit import registry
from app.services.credit.gathering import gather
from app.services.credit.scoring import FEATURE_SETS, Scores, score
from app.transactions import fetch

KEPT = """
SELECT as_of, cause, status, score, predicted_score, policy_version, model_version, feature_set, points, features
FROM credit_score_history WHERE user_id = %s AND as_of <= %s ORDER BY as_of DESC, id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of a saver's score history."""

    as_of: datetime
    cause: str
    status: str
    score: int | None
    predicted_score: int | None
    policy_version: str
    model_version: str | None
    feature_set: int
    points: list[int]
    features: list[float]

    @property
    def named(self) -> dict[str, float]:
        """What was measured, by name."""
        return dict(zip(FEATURE_SETS[self.feature_set], self.features, strict=True))


def kept(user_id: UUID, *, at: datetime) -> Kept | None:
    """The newest change of the saver's score up to ``at``."""
    rows = fetch(KEPT, (user_id, at))
    return Kept(*rows[0]) if rows else None


def recomputed(user_id: UUID, *, at: datetime, as_kept: Kept | None = None) -> Scores:
    """The score as of ``at``, from what was known then: by the policy and the model of what was ``as_kept``, or else by
    those in service now. Of a saver who does not exist, nothing. Raises DomainError ``model_refused`` where the file of
    that model may not be used any more.
    """
    found = gather([user_id], at=at, past=True)
    if as_kept is None:
        return score(found, policy(CURRENT), registry.serving())
    version = as_kept.model_version
    return score(found, policy(as_kept.policy_version), registry.predictor(version) if version else None)
