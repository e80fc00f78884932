"""From what was gathered to scores, in columns: the rule's points, the prediction, and what is kept of both."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.scoring.features import SIGNS, Column, Features
from app.scoring.histories import Index
from app.scoring.models import Model
from app.scoring.policy import Policy
from app.scoring.rule import RuleScores, predicted_scores, probabilities, rule_scores
from app.services.credit.gathering import Gathered
from app.services.credit.ids import Ids

#: Names of the values that are kept with each score, by the number that is kept beside them. A set that has been in
#: service is never changed.
FEATURE_SETS: Final[dict[int, tuple[str, ...]]] = {
    1: (*SIGNS, *(field.name for field in fields(Features) if field.name != "columns")),
}
FEATURE_SET: Final = 1


@dataclass(frozen=True, slots=True)
class Predictor:
    """A model with the version that it is kept under."""

    version: str
    model: Model


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of some savers. Of one without enough history (``closed`` periods) the numbers say nothing.

    ``points``: a column for each factor of the policy; ``features``: one for each name of the newest feature set.
    """

    savers: Ids
    at: datetime
    policy: Policy
    model_version: str | None
    closed: Index
    rule: RuleScores
    probability: Column
    predicted: NDArray[np.int64]
    features: Column

    def __len__(self) -> int:
        return len(self.savers)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Who has enough history for a score."""
        return self.closed >= self.policy.scored_from

    def status(self, row: int) -> str:
        """``no_history``, ``provisional`` or ``scored``."""
        return self.policy.status(int(self.closed[row]))


def score(gathered: Gathered, policy: Policy, predictor: Predictor | None) -> Scores:
    """The scores of everybody who was gathered. Without a ``predictor`` the rule predicts."""
    features = gathered.features()
    rule = rule_scores(features, policy)
    fixed = probabilities(rule.score, policy)
    probability = fixed if predictor is None else predictor.model.probabilities(features)
    names = FEATURE_SETS[FEATURE_SET]
    kept = [features.columns[name] if name in features.columns else getattr(features, name) for name in names]
    return Scores(
        gathered.savers,
        gathered.at,
        policy,
        None if predictor is None else predictor.version,
        features.closed,
        rule,
        probability,
        predicted_scores(probability),
        np.column_stack(kept).astype(np.float64),
    )
