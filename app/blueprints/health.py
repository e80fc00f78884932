"""Whether the process lives, and whether it can serve: for supervisors and load balancers."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.blueprints.api.access import access
from app.services.ops.health import database_answers, migrated, redis_answers

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@access("public")
def alive() -> Response:
    """The process lives."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@access("public")
def ready() -> tuple[Response, int]:
    """Whether the database (with its tables) and Redis answer: 200, else 503 with what is missing.

    Without Redis everything still works, only slower; 503 keeps a load balancer on the instances that have it.
    """
    parts = {"database": database_answers() and migrated(), "redis": redis_answers()}
    words = {name: "ok" if answers else "unavailable" for name, answers in parts.items()}
    return jsonify(status="ok" if all(parts.values()) else "unavailable", **words), 200 if all(parts.values()) else 503
