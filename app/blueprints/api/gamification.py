"""Streaks, freezes and pauses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import clock
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.jars import shown
from app.blueprints.api.schemas.gamification import PauseSchema, StreaksSchema
from app.blueprints.api.schemas.savings import JarAnswerSchema
from app.services.savings import pauses, streak_summary
from app.transactions import run

blueprint = ApiBlueprint("gamification", __name__, url_prefix="/api", description="Streaks, badges, boards")


@blueprint.route("/streaks/", methods=["GET"])
@access("saver")
@blueprint.response(200, StreaksSchema)
def read_streaks() -> dict[str, Any]:
    """The saver's streaks, freezes, and a calendar of deposits."""
    seen = run(lambda: streak_summary.summary(caller(), at=clock.now()))
    return {
        "current": seen.streak.current,
        "longest": seen.streak.longest,
        "unit": seen.streak.unit,
        "at_risk": seen.streak.at_risk,
        "next_deposit_due": seen.streak.due_by,
        "freezes_left": seen.freezes_left,
        "jars": seen.jars,
        "calendar": [
            {"date": day.date, "deposited": day.deposits > 0, "deposits": day.deposits, "amount": day.amount}
            for day in seen.calendar
        ],
    }


@blueprint.route("/jars/<uuid:jar_id>/pause/", methods=["PUT"])
@access("saver")
@blueprint.arguments(PauseSchema())
@blueprint.response(200, JarAnswerSchema)
def pause_jar(values: dict[str, Any], jar_id: UUID) -> dict[str, Any]:
    """Ask nothing of a jar from today until a day, 30 days at most; a pause under way is moved."""
    return {"jar": shown(run(lambda: pauses.pause(caller(), jar_id, until=values["until"], at=clock.now())))}


@blueprint.route("/jars/<uuid:jar_id>/pause/", methods=["DELETE"])
@access("saver")
@blueprint.response(200, JarAnswerSchema)
def resume_jar(jar_id: UUID) -> dict[str, Any]:
    """End a jar's pause: today counts again."""
    return {"jar": shown(run(lambda: pauses.resume(caller(), jar_id, at=clock.now())))}
