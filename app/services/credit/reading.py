"""A saver's score as it is shown: from Redis, else out of its row; what would help is worked out beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson

from app.integrations import saver_cache
from app.periods import Plan
from app.scoring.advice import Advice, Step, advice
from app.scoring.features import SIGNS, Features
from app.scoring.policy import CURRENT, Policy, policy
from app.scoring.rule import Factor, RuleScores, factors_of
from app.services.credit.gathering import gather
from app.services.credit.refresh import refresh_all
from app.services.credit.scoring import FEATURE_SETS
from app.services.credit.storing import Cause
from app.services.identity.principal import Principal
from app.transactions import fetch

KIND: Final = "score"
ROW: Final = """
SELECT status, score, predicted_score, probability, policy_version, model_version, feature_set, points, features,
    reasons, as_of, last_updated
FROM credit_scores WHERE user_id = %s AND (score IS NULL OR points <> '{}')
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """A score as it stands in its row, with what would help.

    Without enough history (``no_history``) the numbers are None and there are no factors. ``base`` and the points of
    the ``factors`` add up to ``score``; ``reasons`` are those that cost most, the costliest first. ``probability``:
    that the next deposit is on time. ``model_version`` is None where the rule predicts.
    """

    status: str
    score: int | None
    band: str | None
    predicted_score: int | None
    probability: float | None
    base: int
    factors: list[Factor]
    reasons: list[str]
    advice: Advice
    policy_version: str
    model_version: str | None
    as_of: datetime
    last_updated: datetime

    def factor(self, code: str) -> Factor:
        """The factor of that code. Raises StopIteration where there is none."""
        return next(factor for factor in self.factors if factor.code == code)


def read(saver: Principal, *, at: datetime) -> Reading:
    """The saver's score as it was last worked out, with what would help on the day of ``at``.

    From Redis, or in one query and one look at the history. Only a saver who has no row yet (or one of before rows
    said how they came about) has one made.
    """
    today = saver.zone.date(at)
    return _read(saver_cache.remembered(KIND, saver.id, today.isoformat(), lambda: _text(_found(saver.id, at))))


def _found(user_id: UUID, at: datetime) -> Reading:
    rows = fetch(ROW, (user_id,))
    if not rows:
        refresh_all([user_id], Cause("recalculation"), at=at)
        rows = fetch(ROW, (user_id,))
    advised = _advice(user_id, at)
    status, score, predicted, probability, version, model, names, points, features, reasons, as_of, updated = rows[0]
    ruling = policy(version)
    if score is None:
        return Reading(status, None, None, None, None, ruling.base, [], [], advised, version, model, as_of, updated)
    factors = factors_from(points, features, FEATURE_SETS[names], ruling)
    return Reading(
        status, score, ruling.band(score), predicted, probability, ruling.base, factors, list(reasons), advised,
        version, model, as_of, updated,
    )  # fmt: skip


def factors_from(points: list[int], values: list[float], names: tuple[str, ...], ruling: Policy) -> list[Factor]:
    """The factors of a score, out of the points and the features that were kept with it."""
    kept = dict(zip(names, values, strict=True))
    columns = {name: np.array([kept[name]]) for name in SIGNS}
    counts = {name: np.array([int(value)]) for name, value in kept.items() if name not in columns}
    given = np.array([points])
    return factors_of(
        Features(columns, **counts), RuleScores(tuple(ruling.weights), given, given.sum(axis=1)), 0, ruling
    )


def _advice(user_id: UUID, at: datetime) -> Advice:
    found = gather([user_id], at=at)
    return advice(found.jars, found.pauses, found.movements, found.instalments, int(found.today[0]), policy(CURRENT))


def _text(reading: Reading) -> str:
    return orjson.dumps(reading).decode()


def _read(text: str) -> Reading:
    kept: dict[str, Any] = orjson.loads(text)
    advised = kept["advice"]
    steps = [Step(**step | {"plan": _plan(step["plan"]), "due": _day(step["due"])}) for step in advised["steps"]]
    told = advised | {"steps": steps, "plan": _plan(advised["plan"]), "until": _day(advised["until"])}
    instants = {name: datetime.fromisoformat(kept[name]) for name in ("as_of", "last_updated")}
    factors = [Factor(**factor) for factor in kept["factors"]]
    return Reading(**kept | instants | {"factors": factors, "advice": Advice(**told)})


def _plan(text: str | None) -> Plan | None:
    return None if text is None else Plan(text)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
