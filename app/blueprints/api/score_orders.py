"""Scores made anew for many, where an administrator orders it."""

from __future__ import annotations

from typing import Any

from app import clock
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.score_orders import JobAnswerSchema, ScoreOrderSchema
from app.services.ops import scores
from app.transactions import run

blueprint = ApiBlueprint("score-orders", __name__, url_prefix="/api", description="Scores made anew for many")


@blueprint.route("/predict-score/", methods=["POST"])
@access("admin")
@blueprint.arguments(ScoreOrderSchema(), required=False)
@blueprint.response(202, JobAnswerSchema)
def predict_scores(values: dict[str, Any]) -> dict[str, Any]:
    """Predict for every saver, or for ``user_ids``, by the model in service; scores are made anew along with it.

    One job with a recalculation of scores: while either is under way, neither can be ordered (`job_running`).
    """
    return _ordered(values)


@blueprint.route("/admin/recalculate-scores/", methods=["POST"])
@access("admin")
@blueprint.arguments(ScoreOrderSchema(), required=False)
@blueprint.response(202, JobAnswerSchema)
def recalculate_scores(values: dict[str, Any]) -> dict[str, Any]:
    """Make the score of every saver anew, or of ``user_ids``, by the policy and the model in service."""
    return _ordered(values)


def _ordered(values: dict[str, Any]) -> dict[str, Any]:
    person = caller()
    return {"job": run(lambda: scores.order(values.get("user_ids"), by=person.id, actor=person.role, at=clock.now()))}
