"""The saver's score and how it has moved."""

from __future__ import annotations

from typing import Any

from app import clock
from app.blueprints import cursors
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.credit import CreditScoreSchema, ScoreHistoryPageSchema
from app.blueprints.api.schemas.savings import PageQuerySchema
from app.scoring.rule import Factor
from app.services.credit import history, reading
from app.services.credit.words import Words
from app.transactions import run

blueprint = ApiBlueprint("credit", __name__, url_prefix="/api", description="The score")


@blueprint.route("/credit-score/", methods=["GET"])
@access("saver")
@blueprint.response(200, CreditScoreSchema)
def read_score() -> dict[str, Any]:
    """The saver's score: what it is made of, why, and what would help."""
    seen = run(lambda: reading.read(caller(), at=clock.now()))
    words = Words(caller().language)
    reasons = []
    for code in seen.reasons:
        factor = seen.factor(code)
        said = words.reason(factor, seen.advice.plan)
        reasons.append(_factor(factor) | {"text": said.text, "action": said.action})
    return {
        "status": seen.status,
        "score": seen.score,
        "band": seen.band,
        "predicted_score": seen.predicted_score,
        "on_time_probability": seen.probability,
        "base": seen.base,
        "factors": [_factor(factor) for factor in seen.factors],
        "reasons": reasons,
        "next_steps": [{"text": words.step(step, seen.advice), "points": step.points} for step in seen.advice.steps],
        "policy_version": seen.policy_version,
        "model_version": seen.model_version,
        "as_of": seen.as_of,
        "last_updated": seen.last_updated,
    }


@blueprint.route("/credit-score/history/", methods=["GET"])
@access("saver")
@blueprint.arguments(PageQuerySchema(), location="query")
@blueprint.response(200, ScoreHistoryPageSchema)
def list_score_days(query: dict[str, Any]) -> dict[str, Any]:
    """The days on which the score changed, newest first; of each day the last value."""
    about = f"score:{caller().id}"
    after = cursors.decode(query.get("cursor"), about=about)
    rows, position = run(lambda: history.page(caller(), at=clock.now(), limit=query["limit"], after=after))
    return {"items": rows, "next_cursor": cursors.encode(position, about=about)}


def _factor(factor: Factor) -> dict[str, Any]:
    return {"code": factor.code, "points": factor.points, "max": factor.most, "observed": factor.observed}
