"""Jars, deposits, withdrawals and histories."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app

from app import clock
from app.blueprints import cursors
from app.blueprints.api import answers, keys, problems
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.jars import shown
from app.blueprints.api.schemas.savings import (
    HistoryQuerySchema,
    JarAnswerSchema,
    JarChangeSchema,
    JarPageSchema,
    MovementAnswerSchema,
    MovementSchema,
    NewJarSchema,
    PageQuerySchema,
    TransactionPageSchema,
)
from app.errors import DomainError
from app.services.savings import deposits, histories, jars, withdrawals
from app.services.savings.histories import Filter
from app.services.savings.movements import Movement
from app.transactions import run

blueprint = ApiBlueprint("savings", __name__, url_prefix="/api", description="Jars and what moves in them")


@blueprint.route("/jars/", methods=["POST"])
@access("saver")
@blueprint.arguments(NewJarSchema())
@blueprint.response(201, JarAnswerSchema)
def create_jar(values: dict[str, Any]) -> dict[str, Any]:
    """Make a jar."""
    return {"jar": shown(run(lambda: jars.create(caller(), **values, at=clock.now())))}


@blueprint.route("/jars/", methods=["GET"])
@access("saver")
@blueprint.arguments(PageQuerySchema(), location="query")
@blueprint.response(200, JarPageSchema)
def list_jars(query: dict[str, Any]) -> dict[str, Any]:
    """The saver's jars, oldest first."""
    about = f"jars:{caller().id}"
    after = cursors.decode(query.get("cursor"), about=about)
    rows, position = run(lambda: jars.page(caller(), at=clock.now(), limit=query["limit"], after=after))
    return {"items": [shown(row) for row in rows], "next_cursor": cursors.encode(position, about=about)}


@blueprint.route("/jars/<uuid:jar_id>/", methods=["GET"])
@access("saver")
@blueprint.response(200, JarAnswerSchema)
def read_jar(jar_id: UUID) -> dict[str, Any]:
    """One jar."""
    return {"jar": shown(run(lambda: jars.read(caller(), jar_id, at=clock.now())))}


@blueprint.route("/jars/<uuid:jar_id>/", methods=["PATCH"])
@access("saver")
@blueprint.arguments(JarChangeSchema())
@blueprint.response(200, JarAnswerSchema)
def change_jar(values: dict[str, Any], jar_id: UUID) -> dict[str, Any]:
    """Change the given fields of a jar."""
    return {"jar": shown(run(lambda: jars.change(caller(), jar_id, values, at=clock.now())))}


@blueprint.route("/jars/<uuid:jar_id>/", methods=["DELETE"])
@access("saver")
@blueprint.response(204)
def close_jar(jar_id: UUID) -> None:
    """Close an empty jar; its history stays."""
    run(lambda: jars.close(caller(), jar_id, at=clock.now()))


@blueprint.route("/jars/deposit/", methods=["POST"], parameters=[keys.PARAMETER])
@access("saver")
@blueprint.arguments(MovementSchema())
@blueprint.response(201, MovementAnswerSchema)
def deposit(values: dict[str, Any]) -> Response:
    """Put money into a jar."""
    claim = keys.claim("deposit", values)
    person, at = caller(), clock.now()
    return keys.answer(
        run(
            lambda: deposits.deposit(
                person, values["jar_id"], values["amount"], values.get("note"), at=at, claim=claim, render=_render
            )
        )
    )


@blueprint.route("/jars/withdraw/", methods=["POST"], parameters=[keys.PARAMETER])
@access("saver")
@blueprint.arguments(MovementSchema())
@blueprint.response(201, MovementAnswerSchema)
def withdraw(values: dict[str, Any]) -> Response:
    """Take money out of a jar."""
    claim = keys.claim("withdraw", values)
    person, at = caller(), clock.now()
    return keys.answer(
        run(
            lambda: withdrawals.withdraw(
                person, values["jar_id"], values["amount"], values.get("note"), at=at, claim=claim, render=_render
            )
        )
    )


@blueprint.route("/jars/<uuid:jar_id>/transactions/", methods=["GET"])
@access("saver")
@blueprint.arguments(HistoryQuerySchema(), location="query")
@blueprint.response(200, TransactionPageSchema)
def list_jar_transactions(query: dict[str, Any], jar_id: UUID) -> dict[str, Any]:
    """What moved in one jar, newest first."""
    return _history(query, jar_id)


@blueprint.route("/transactions/", methods=["GET"])
@access("saver")
@blueprint.arguments(HistoryQuerySchema(), location="query")
@blueprint.response(200, TransactionPageSchema)
def list_transactions(query: dict[str, Any]) -> dict[str, Any]:
    """What moved in all jars, newest first."""
    return _history(query, None)


def _history(query: dict[str, Any], jar_id: UUID | None) -> dict[str, Any]:
    which = Filter(jar_id, query.get("type"), query.get("since"), query.get("until"))
    about = f"history:{caller().id}:{which}"
    after = cursors.decode(query.get("cursor"), about=about)
    rows, position = run(lambda: histories.page(caller().id, which, limit=query["limit"], after=after))
    currency = current_app.config["CURRENCY"]
    items = [_with(row, currency=currency) for row in rows]
    return {"items": items, "next_cursor": cursors.encode(position, about=about)}


def _with(value: Any, **more: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__} | more


def _render(outcome: Movement | DomainError) -> tuple[int, bytes]:
    if isinstance(outcome, DomainError):
        return problems.rendered(outcome)
    return 201, answers.movement(outcome, currency=current_app.config["CURRENCY"])
