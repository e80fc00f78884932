"""Keeping scores: the newest of each saver, each change with its cause, and what the saver is told of it.

A saver hears of the first score, and from the fourth closed period on of one that has come ``WORTH_TELLING`` points
away from the last that was told, once in ``TELL_AGAIN`` at most, whichever way it moved. Steps of a few points, and
what is made good within days, are seen on the page. What Chhota itself changed (a model, a policy, a recalculation, an
import) is not told as the saver's doing, and moves what was last told along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson
from numpy.typing import NDArray

from app.integrations.saver_cache import forget_many
from app.scoring.rule import REASONS
from app.services.credit.ids import Ids
from app.services.credit.scoring import FEATURE_SET, FEATURE_SETS, Scores
from app.services.credit.storing_sql import ADD, ANY, REASON_BITS, RISEN, UPDATE
from app.services.gamification.badges import CATALOGUE
from app.transactions import after_commit, fetch, queue

WORTH_TELLING: Final = 25
TELL_AGAIN: Final = timedelta(days=6)
RISE: Final = "score_up_50"
#: Causes that are the saver's own doing or their time's.
TOLD_OF: Final = ("deposit", "withdrawal", "reversal", "period_closed", "jar_changed", "repayment")
STATES: Final = ("no_history", "provisional", "scored")
MANY: Final = 500
_NOTHING: Final = UUID(int=0)
_INSTALMENTS: Final = FEATURE_SETS[FEATURE_SET].index("instalments")


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought a change about (``app.models.credit.CAUSES``), and the movement where one did."""

    code: str
    transaction_id: UUID | None = None


def keep(scores: Scores, why: Cause | Mapping[UUID, Cause]) -> None:
    """Keep the scores of savers who exist, for each its cause; what is cached of them is forgotten with the commit.

    A row that is as of a later instant stays: whoever computes takes the instant before reading, so the later instant
    has seen more. Any number of them, beside others that do the same: a few statements, locks in the order of ids.
    """
    if not len(scores):
        return
    parameters = {
        "at": scores.at,
        "born": datetime.now(UTC),
        "policy": scores.policy.version,
        "model": scores.model_version,
        "feature_set": FEATURE_SET,
        "states": list(STATES),
        "factors": list(scores.rule.factors),
        "told_of": list(TOLD_OF),
        "kind": "score_changed",
        "worth_telling": WORTH_TELLING,
        "told_before": scores.at - TELL_AGAIN,
        "rise": CATALOGUE[RISE].line,
    }
    parameters |= _columns(scores) | _causes(scores.savers, why)
    # Of many at once it pays to ask whether they are all new, as after an import.
    new = len(scores) >= MANY and not fetch(ANY, {"users": parameters["users"]})[0][0]
    there, risen = (0, []) if new else _updated(parameters)
    if there < len(scores):
        ((added,),) = fetch(ADD, parameters)
        if there + added < len(scores):  # somebody else added the rest meanwhile
            risen += _updated(parameters)[1]
    if risen:
        _award(risen, at=scores.at)
    savers = scores.savers
    after_commit(lambda: forget_many("score", savers.texts))


def _updated(parameters: dict[str, Any]) -> tuple[int, list[UUID]]:
    ((there, risen),) = fetch(UPDATE, parameters)
    return there, risen or []


def _award(savers: list[UUID], *, at: datetime) -> None:
    facts = {"badge_type": RISE, "taken_back": False}
    queue(
        RISEN,
        {
            "savers": [str(saver) for saver in savers],
            "badge": RISE,
            "facts": orjson.dumps(facts).decode(),
            "kind": "badge_earned",
            "at": at,
            "born": datetime.now(UTC),
        },
    )


def reasons_of(scores: Scores) -> NDArray[np.int64]:
    """The factors that cost most, as ``app.scoring.rule.reasons`` has them: their numbers from 1 on, then zeros."""
    most = np.array([scores.policy.weights[code] for code in scores.rule.factors], dtype=np.int64)
    lost = most - scores.rule.points
    lost[scores.features[:, _INSTALMENTS] == 0, scores.rule.factors.index("repayment")] = 0
    order = np.argsort(-lost, axis=1, kind="stable")[:, :REASONS]
    found: NDArray[np.int64] = np.where(np.take_along_axis(lost, order, axis=1) > 0, order + 1, 0)
    return found


def _columns(scores: Scores) -> dict[str, Any]:
    policy, count = scores.policy, len(scores)
    status = 1 + (scores.closed >= policy.scored_from).astype(np.int64) + (scores.closed >= policy.settled_from)
    return {
        "ids": _ids(count),
        "users": scores.savers.array,
        "status": _array(status),
        "score": _array(np.where(scores.known, scores.rule.score, 0)),
        "predicted_score": _array(scores.predicted),
        "probability": _array(scores.probability),
        "points": _array(scores.rule.points),
        "factor_count": scores.rule.points.shape[1],
        "reasons": _array((reasons_of(scores) << REASON_BITS * np.arange(REASONS)).sum(axis=1)),
        "features": _array(scores.features),
        "feature_count": scores.features.shape[1],
    }


def _causes(savers: Ids, why: Cause | Mapping[UUID, Cause]) -> dict[str, Any]:
    """The codes that there are, the number of each saver's, and the movements."""
    own = [why] * len(savers) if isinstance(why, Cause) else [why[saver] for saver in savers]
    codes = list(dict.fromkeys(cause.code for cause in own))
    number = {code: str(place) for place, code in enumerate(codes, 1)}
    movements = b"".join([(cause.transaction_id or _NOTHING).bytes for cause in own])
    return {
        "causes": codes,
        "cause": "{" + ",".join([number[cause.code] for cause in own]) + "}",
        "transaction_id": "{" + movements.hex(",", 16) + "}",
    }


def _ids(count: int) -> str:
    """New ids in the order of time (UUID version 7), one for each row."""
    ids = np.frombuffer(np.random.default_rng().bytes(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    ids[:, :6] = np.frombuffer(int(datetime.now(UTC).timestamp() * 1000).to_bytes(6), dtype=np.uint8)
    ids[:, 6] = ids[:, 6] & 0x0F | 0x70
    ids[:, 8] = ids[:, 8] & 0x3F | 0x80
    return "{" + ids.tobytes().hex(",", 16) + "}"


def _array(values: NDArray[Any]) -> str:
    """PostgreSQL's text of an array: what JSON has, but for brackets and the word for no number."""
    text = orjson.dumps(np.ascontiguousarray(values).ravel(), option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return "{" + text[1:-1].replace("null", "NaN") + "}"
