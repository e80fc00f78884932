"""Leaderboards."""

from __future__ import annotations

from typing import Any

from app import clock
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.boards import BoardQuerySchema, BoardSchema
from app.services.gamification import boards
from app.transactions import run

blueprint = ApiBlueprint("boards", __name__, url_prefix="/api", description="Leaderboards of consistency")


@blueprint.route("/leaderboard/", methods=["GET"])
@access("saver")
@blueprint.arguments(BoardQuerySchema(), location="query")
@blueprint.response(200, BoardSchema)
def read_leaderboard(query: dict[str, Any]) -> dict[str, Any]:
    """The most consistent of those who chose to be listed, and the caller's own place. Money is never ranked."""
    page = run(lambda: boards.page(caller().id, **query, at=clock.now()))
    return {
        "board": page.board.board,
        "period": page.board.period,
        "period_start": page.board.start,
        "items": page.items,
        "me": page.me,
        "opted_in": page.opted_in,
        "total": page.total,
    }
