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
from app.services.identity.principal import Principal, saver_of
from app.services.ops.console import masks
from app.services.ops.console.listing import Asked, Order, Page, Source, both_ways, page
from app.transactions import fetch

__all__ = [
    "CAUSES", "SCORE_STATES", "Change", "Score", "Whole", "change", "changes", "history", "listed", "of", "opened",
    "read",
]  # fmt: skip

#: Features by name; None for what could not be measured.
Measured = dict[str, float | None]
#: Of one saver the newest change, and the score before it.
COLUMNS: Final = (
    "c.user_id, u.name, c.status, c.score, c.predicted_score, c.probability, c.policy_version, c.model_version,"
    " c.as_of, c.reasons, n.as_of, n.cause, n.before"
)
READ: Final = """
JOIN users u ON u.id = c.user_id LEFT JOIN LATERAL (
    SELECT h.as_of, h.cause, (SELECT b.score FROM credit_score_history b
        WHERE b.user_id = h.user_id AND (b.as_of, b.id) < (h.as_of, h.id)
        ORDER BY b.as_of DESC, b.id DESC LIMIT 1) AS before
    FROM credit_score_history h WHERE h.user_id = c.user_id ORDER BY h.as_of DESC, h.id DESC LIMIT 1
) n ON true
"""
OF_SAVERS: Final = {
    "user": "c.user_id = %(user)s",
    "status": "c.status = %(status)s",
    "at_least": "c.score >= %(at_least)s",
    "at_most": "c.score <= %(at_most)s",
    "scored": "c.score IS NOT NULL",
}
SOURCE: Final = Source(
    id="c.user_id",
    found="FROM credit_scores c",
    columns=COLUMNS,
    read=f"FROM k JOIN credit_scores c ON c.user_id = k.id {READ}",
    filters=OF_SAVERS
    | {
        "since": "EXISTS (SELECT FROM credit_score_history h WHERE h.user_id = c.user_id AND h.as_of >= %(since)s)",
    },
    orders={**both_ways("user", ("c.user_id",), (UUID,)), **both_ways("score", ("c.score", "c.user_id"), (int, UUID))},
)
# Each saver by the newest change of their score. From the oldest on there would be little but what has changed since.
CHANGED: Final = Source(
    id="h.user_id",
    found="FROM credit_score_history h JOIN credit_scores c ON c.user_id = h.user_id",
    columns=COLUMNS,
    read=SOURCE.read,
    filters=OF_SAVERS
    | {
        "since": "h.as_of >= %(since)s",
        "newest": "NOT EXISTS (SELECT FROM credit_score_history l"
        " WHERE l.user_id = h.user_id AND (l.as_of, l.id) > (h.as_of, h.id))",
    },
    orders={"-changed_at": Order(("h.as_of", "h.id"), (datetime, UUID), descending=True)},
)
ORDERS: Final = {**SOURCE.orders, **CHANGED.orders}
CHANGE: Final = (
    "h.id, h.as_of, h.cause, h.transaction_id, h.status, h.score, h.predicted_score, h.probability, h.policy_version,"
    " h.model_version, h.feature_set, h.points, h.features"
)
BEFORE: Final = """LATERAL (
    SELECT b.id, b.score FROM credit_score_history b WHERE b.user_id = h.user_id AND (b.as_of, b.id) < (h.as_of, h.id)
    ORDER BY b.as_of DESC, b.id DESC LIMIT 1
) b"""
CHANGES: Final = Source(
    id="h.id",
    found="FROM credit_score_history h",
    columns=f"h.user_id, {CHANGE}, b.score",
    read=f"FROM k JOIN credit_score_history h ON h.id = k.id LEFT JOIN {BEFORE} ON true",
    filters={"user": "h.user_id = %(user)s", "since": "h.as_of >= %(since)s"},
    orders={"-as_of": Order(("h.as_of", "h.id"), (datetime, UUID), descending=True)},
)
# One change and the one before it, the newer first.
TWO: Final = f"""
WITH one AS (SELECT h.id, b.id AS before FROM credit_score_history h LEFT JOIN {BEFORE} ON true WHERE h.id = %s)
SELECT h.user_id, u.name, {CHANGE}, NULL FROM one JOIN credit_score_history h ON h.id IN (one.id, one.before)
JOIN users u ON u.id = h.user_id ORDER BY h.id = one.id DESC
"""  # noqa: S608  constants only
WHOLE: Final = f"""
SELECT {COLUMNS}, c.feature_set, c.points, c.features, c.first_score, c.told_score, c.told_at
FROM credit_scores c {READ} WHERE c.user_id = %s
"""  # noqa: S608  constants only


@dataclass(frozen=True, slots=True)
class Score:
    """A line of the list: the newest score of one saver, whose name is masked. ``model_version``: None for the rule.

    ``changed_at``, ``cause``: when it last changed and what brought that about; ``before``: what it was until then.
    """

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
    changed_at: datetime | None
    cause: str | None
    before: int | None

    @property
    def id(self) -> UUID:
        """Whose it is: of each saver there is one."""
        return self.user_id

    @property
    def band(self) -> str | None:
        """The band that it lies in."""
        return None if self.score is None else policy(self.policy_version).band(self.score)

    @property
    def costliest(self) -> str | None:
        """The factor that costs most."""
        return self.reasons[0] if self.reasons else None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a score, what it was made of, and what brought it about; no factors without a history.

    ``before``: the score until then, None where there was none.
    """

    factors: list[Factor]
    features: Measured
    user_id: UUID
    id: UUID
    as_of: datetime
    cause: str
    transaction_id: UUID | None
    status: str
    score: int | None
    predicted_score: int | None
    probability: float | None
    policy_version: str
    model_version: str | None
    before: int | None

    @property
    def base(self) -> int:
        """What everybody begins with; with the points of the factors it is the score."""
        return policy(self.policy_version).base


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
    """A page of scores. Filters: user, status, at_least, at_most, since (changed at or after).

    Orders: user, score, and either from the other end; -changed_at. By score those come that have one.
    """
    if asked.order in CHANGED.orders:
        return page(CHANGED, _masked, replace(asked, filters={**asked.filters, "newest": True}))
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


def opened(user_id: UUID, *, by: Principal, at: datetime) -> Principal:
    """Whose score is looked at, with or without one; that ``by`` looked is in the audit log. Raises NotFound."""
    found = saver_of(user_id)
    if found is None:
        raise NotFound("There is no such account.")
    audit.looked_at(by.id, by.role, "user", user_id, what="score", at=at)
    return found[0]


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
    return page(CHANGES, _change, replace(asked, filters={**asked.filters, "user": user_id}, order="-as_of"))


def changes(asked: Asked) -> Page[Change]:
    """A page of everybody's changes, or of one ``user``'s, the newest first (``-as_of``). Filters: user, since.

    The caller notes a look at one saver's.
    """
    return page(CHANGES, _change, asked)


def change(change_id: UUID, *, by: Principal, at: datetime) -> tuple[str, Change, Change | None]:
    """The masked name of whose change that is, the change, and the one before it.

    That ``by`` looked is in the audit log. Raises NotFound.
    """
    rows = fetch(TWO, (change_id,))
    if not rows:
        raise NotFound("There is no such change of a score.")
    user_id, name = rows[0][:2]
    audit.looked_at(by.id, by.role, "user", user_id, what="score_history", at=at)
    newer, *older = [_change(user_id, *row[2:]) for row in rows]
    if not older:
        return masks.name(name), newer, None
    return masks.name(name), replace(newer, before=older[0].score), older[0]


def _masked(user_id: UUID, name: str, *rest: Any) -> Score:
    return Score(user_id, masks.name(name), *rest)


def _change(*row: Any) -> Change:
    *facts, names, points, features, before = row
    factors, measured = _made_of(facts[9], names, points, features)
    return Change(factors, measured, *(*facts, before))


def _made_of(version: str, names: int, points: list[int], features: list[float]) -> tuple[list[Factor], Measured]:
    if not points:
        return [], {}
    own = FEATURE_SETS[names]
    measured = {name: None if isnan(value) else value for name, value in zip(own, features, strict=True)}
    return factors_from(points, features, own, policy(version)), measured
