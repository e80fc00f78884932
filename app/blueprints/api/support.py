"""Asking staff for help."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app

from app import clock
from app.blueprints import cursors
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.savings import PageQuerySchema
from app.blueprints.api.schemas.support import (
    AskAgainSchema,
    NewSupportRequestSchema,
    SupportRequestPageSchema,
    SupportRequestSchema,
)
from app.extensions import limiter
from app.services.ops import support_requests
from app.services.ops.support_requests import About, SupportRequest
from app.transactions import run

blueprint = ApiBlueprint("support", __name__, url_prefix="/api", description="Help, and what is wrong")


@blueprint.route("/support-requests/", methods=["POST"])
@access("saver")
@limiter.limit(lambda: current_app.config["RATELIMIT_SUPPORT"], key_func=lambda: str(caller().id), methods=["POST"])
@blueprint.arguments(NewSupportRequestSchema())
@blueprint.response(201, SupportRequestSchema)
def ask(values: dict[str, Any]) -> dict[str, Any]:
    """Ask staff to look at something. The answer names the officer and the day by which it is answered."""
    about = None if values["about"] is None else About(**values["about"])
    subject, text = values["subject"], values["text"]
    return _shown(run(lambda: support_requests.ask(caller(), subject=subject, text=text, about=about, at=clock.now())))


@blueprint.route("/support-requests/", methods=["GET"])
@access("saver")
@blueprint.arguments(PageQuerySchema(), location="query")
@blueprint.response(200, SupportRequestPageSchema)
def list_requests(query: dict[str, Any]) -> dict[str, Any]:
    """The saver's own requests with their answers, newest first."""
    about = f"support:{caller().id}"
    after = cursors.decode(query.get("cursor"), about=about)
    rows, position = run(lambda: support_requests.page(caller().id, limit=query["limit"], after=after))
    return {"items": [_shown(row) for row in rows], "next_cursor": cursors.encode(position, about=about)}


@blueprint.route("/support-requests/<uuid:request_id>/appeal/", methods=["POST"])
@access("saver")
@limiter.limit(lambda: current_app.config["RATELIMIT_SUPPORT"], key_func=lambda: str(caller().id))
@blueprint.arguments(AskAgainSchema())
@blueprint.response(201, SupportRequestSchema)
def ask_again(values: dict[str, Any], request_id: UUID) -> dict[str, Any]:
    """Say that an answer is not good enough: once for each, and another person looks at it.

    409 `not_answered` before there is an answer, `already_appealed` after that.
    """
    return _shown(run(lambda: support_requests.ask_again(caller(), request_id, values["text"], at=clock.now())))


def _shown(asked: SupportRequest) -> dict[str, Any]:
    overdue = asked.status == "open" and asked.answer_by < caller().today(clock.now())
    own = {name: getattr(asked, name) for name in (*asked.__slots__, "level", "can_appeal")}
    return own | {"overdue": overdue, "officer": support_requests.officer()}
