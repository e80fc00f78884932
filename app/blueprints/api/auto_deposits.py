"""Standing instructions: what is put into a jar by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from app import clock
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.auto_deposits import AutoDepositAnswerSchema
from app.blueprints.api.schemas.savings import AutoDepositSchema
from app.services.savings import auto_deposits, jars
from app.services.savings.jar import JarView
from app.transactions import run

blueprint = ApiBlueprint("auto_deposits", __name__, url_prefix="/api/jars", description="Standing instructions")


@blueprint.route("/<uuid:jar_id>/auto-deposit/", methods=["GET"])
@access("saver")
@blueprint.response(200, AutoDepositAnswerSchema)
def read_auto_deposit(jar_id: UUID) -> dict[str, Any]:
    """A jar's instruction, and what comes next."""
    at = clock.now()
    return _answer(lambda: jars.read(caller(), jar_id, at=at))


@blueprint.route("/<uuid:jar_id>/auto-deposit/", methods=["PUT"])
@access("saver")
@blueprint.arguments(AutoDepositSchema())
@blueprint.response(200, AutoDepositAnswerSchema)
def put_auto_deposit(values: dict[str, Any], jar_id: UUID) -> dict[str, Any]:
    """Set a jar's instruction, or pause it; what the saver was told of already stays as it was told."""
    at = clock.now()
    return _answer(lambda: auto_deposits.put(caller(), jar_id, **values, at=at))


@blueprint.route("/<uuid:jar_id>/auto-deposit/", methods=["DELETE"])
@access("saver")
@blueprint.response(200, AutoDepositAnswerSchema)
def end_auto_deposit(jar_id: UUID) -> dict[str, Any]:
    """End a jar's instruction."""
    at = clock.now()
    return _answer(lambda: auto_deposits.end(caller(), jar_id, at=at))


@blueprint.route("/<uuid:jar_id>/auto-deposit/skip/", methods=["POST"])
@access("saver")
@blueprint.response(200, AutoDepositAnswerSchema)
def skip_auto_deposit(jar_id: UUID) -> dict[str, Any]:
    """Leave out the next deposit, once; again before that day changes nothing."""
    at = clock.now()
    return _answer(lambda: auto_deposits.skip(caller(), jar_id, at=at))


def _answer(use_case: Callable[[], JarView]) -> dict[str, Any]:
    at = clock.now()
    return {"auto_deposit": run(lambda: auto_deposits.read(caller(), use_case(), at=at))}
