"""Scores as a list, and how one of them came about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan
from typing import Any, Final
from uuid import UUID

from app.errors import NotFound
from app.models.credit import CAUSES, SCORE_STATES
from app.scoring.policy import policy
from app.services.audit import log as audit
from app.services.credit.reading import Factor, factors_from
from app.services.credit.scoring import FEATURE_SETS
from app.services.identity.principal import Principal
from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Order, Page, Source, both_ways, page
from app.transactions import fetch

__all__ = ["CAUSES", "SCORE_STATES", "Change", "Score", "Whole", "history", "listed", "of", "read"]

#: Features by name; None for what could not be measured.
Measured = dict[str, float | None]
SOURCE: Final = Source(
    id="c.user_id",
    found="FROM credit_scores c",
    columns="c.user_id, u.name, c.status, c.score, c.predicted_score, c.probability, c.policy_version,"
    " c.model_version, c.as_of, c.reasons",
    read="FROM k JOIN credit_scores c ON c.user_id = k.id JOIN users u ON u.id = k.id",
    filters={
        "user": "c.user_id = %(user)s",
        "status": "c.status = %(status)s",
        "at_least": "c.score >= %(at_least)s",
        "at_most": "c.score <= %(at_most)s",
        "scored": "c.score IS NOT NULL",
    },
    orders={**both_ways("user", ("c.user_id",), (UUID,)), **both_ways("score", ("c.score", "c.user_id"), (int, UUID))},
)
CHANGES: Final = Source(
    id="h.id",
    found="FROM credit_score_history h",
    columns="h.as_of, h.cause, h.transaction_id, h.status, h.score, h.predicted_score, h.probability,"
    " h.policy_version, h.model_version, h.feature_set, h.points, h.features",
    read="FROM k JOIN credit_score_history h ON h.id = k.id",
    filters={"user": "h.user_id = %(user)s"},
    orders={"-as_of": Order(("h.as_of", "h.id"), (datetime, UUID), descending=True)},
)
WHOLE: Final = """
SELECT c.user_id, u.name, c.status, c.score, c.predicted_score, c.probability, c.policy_version, c.model_version,
    c.as_of, c.reasons, c.feature_set, c.points, c.features, c.first_score, c.told_score, c.told_at
FROM credit_scores c JOIN users u ON u.id = c.user_id WHERE c.user_id = %s
"""


@dataclass(frozen=True, slots=True)
class Score:
    """A line of the list: the newest score of one saver, whose name is masked. ``model_version``: None for the rule."""

    user_id: UUID
    name: str
    status: str
    score: int | None
    predicted_score: int | None
    probability: float | None
    policy_version: str
    model_version: str | None
    as_of: datetime
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a score, what it was made of, and what brought it about; no factors without a history."""

    factors: list[Factor]
    features: Measured
    as_of: datetime
    cause: str
    transaction_id: UUID | None
    status: str
    score: int | None
    predicted_score: int | None
    probability: float | None
    policy_version: str
    model_version: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """One saver's newest score: ``base`` and the points of its factors add up to it.

    ``told_score``: what the saver was last told of, and when.
    """

    score: Score
    base: int
    factors: list[Factor]
    features: Measured
    first_score: int | None
    told_score: int | None
    told_at: datetime | None


def listed(asked: Asked) -> Page[Score]:
    """A page of scores. Filters: user, status, at_least, at_most. Orders: user, score, and either from the other end.

    By score those come that have one.
    """
    if asked.order.removeprefix("-") == "score":
        asked = replace(asked, filters={**asked.filters, "scored": True})
    return page(SOURCE, _masked, asked)


def read(user_id: UUID, *, by: Principal, at: datetime) -> Whole:
    """One saver's score with all that it is made of; that ``by`` looked is in the audit log. Raises NotFound."""
    whole = of(user_id)
    if whole is None:
        raise NotFound("There is no score of that account.")
    audit.looked_at(by.id, by.role, "user", user_id, what="score", at=at)
    return whole


def of(user_id: UUID) -> Whole | None:
    """The same for a page that notes the look itself; None where there is no score."""
    rows = fetch(WHOLE, (user_id,))
    if not rows:
        return None
    *line, names, points, features, first, told, told_at = rows[0]
    score = _masked(*line)
    factors, measured = _made_of(score.policy_version, names, points, features)
    return Whole(score, policy(score.policy_version).base, factors, measured, first, told, told_at)


def history(user_id: UUID, asked: Asked, *, by: Principal, at: datetime) -> Page[Change]:
    """A page of one saver's changes, the newest first (``-as_of``); that ``by`` looked is in the audit log."""
    audit.looked_at(by.id, by.role, "user", user_id, what="score_history", at=at)
    return page(CHANGES, _change, replace(asked, filters={"user": user_id}, order="-as_of"))


def _masked(user_id: UUID, name: str, *rest: Any) -> Score:
    return Score(user_id, masks.name(name), *rest)


def _change(*row: Any) -> Change:
    *facts, names, points, features = row
    factors, measured = _made_of(facts[7], names, points, features)
    return Change(factors, measured, *facts)


def _made_of(version: str, names: int, points: list[int], features: list[float]) -> tuple[list[Factor], Measured]:
    if not points:
        return [], {}
    own = FEATURE_SETS[names]
    measured = {name: None if isnan(value) else value for name, value in zip(own, features, strict=True)}
    return factors_from(points, features, own, policy(version)), measured
