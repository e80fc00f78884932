"""The inbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import clock
from app.blueprints import cursors
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.notifications import InboxQuerySchema, NoticePageSchema
from app.services.notifications import inbox
from app.services.notifications.inbox import Notice
from app.services.notifications.words import words
from app.transactions import run

blueprint = ApiBlueprint("notifications", __name__, url_prefix="/api", description="What the saver was told")


@blueprint.route("/notifications/", methods=["GET"])
@access("saver")
@blueprint.arguments(InboxQuerySchema(), location="query")
@blueprint.response(200, NoticePageSchema)
def list_notices(query: dict[str, Any]) -> dict[str, Any]:
    """The saver's notices, newest first."""
    unread = query["unread"]
    about = f"notices:{caller().id}:{unread}"
    after = cursors.decode(query.get("cursor"), about=about)
    rows, position = run(lambda: inbox.page(caller().id, limit=query["limit"], after=after, unread=unread))
    return {"items": [_shown(row) for row in rows], "next_cursor": cursors.encode(position, about=about)}


@blueprint.route("/notifications/<uuid:notice_id>/read/", methods=["POST"])
@access("saver")
@blueprint.response(204)
def mark_read(notice_id: UUID) -> None:
    """Mark a notice as read; one that is read stays so."""
    run(lambda: inbox.mark_read(caller().id, notice_id, at=clock.now()))


def _shown(notice: Notice) -> dict[str, Any]:
    said = words(notice.kind, notice.facts, caller().language)
    return {
        "id": notice.id,
        "kind": notice.kind,
        "title": said.title,
        "text": said.text,
        "action": {"label": said.action_label, "path": said.path} if said.action_label else None,
        "created_at": notice.created_at,
        "read_at": notice.read_at,
    }
