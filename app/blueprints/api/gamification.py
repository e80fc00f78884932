"""Streaks, freezes, pauses and badges."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from app import clock
from app.blueprints.api import answers
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.jars import shown
from app.blueprints.api.schemas.gamification import BadgesSchema, PauseSchema, StreaksSchema
from app.blueprints.api.schemas.savings import JarAnswerSchema
from app.services.gamification.badges import badge_description, badge_title
from app.services.savings import badge_wall, pauses, streak_summary
from app.transactions import run

blueprint = ApiBlueprint("gamification", __name__, url_prefix="/api", description="Streaks, badges, boards")


@blueprint.route("/streaks/", methods=["GET"])
@access("saver")
@blueprint.response(200, StreaksSchema)
def read_streaks() -> Response:
    """The saver's streaks, freezes, and a calendar of deposits."""
    seen = run(lambda: streak_summary.summary(caller(), at=clock.now()))
    return Response(answers.streaks(seen), mimetype="application/json")


@blueprint.route("/badges/", methods=["GET"])
@access("saver")
@blueprint.response(200, BadgesSchema)
def read_badges() -> dict[str, Any]:
    """The saver's badges, and how far each of the others is."""
    person = caller()
    wall = run(lambda: badge_wall.wall(person, at=clock.now()))
    return {
        "earned": wall.earned,
        "available": [
            {
                "badge_type": way.badge.code,
                "title": badge_title(way.badge.code, person.language),
                "description": badge_description(way.badge.code, person.language),
                "progress": way.progress,
                "have": way.have,
                "need": way.need,
                "image": way.badge.image,
                "jar_id": way.jar.id if way.jar and way.badge.per_jar else None,
            }
            for way in wall.ways
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
