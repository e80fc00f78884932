"""What calls about the inbox take and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import QueryBoolean, StrictSchema, UtcDateTime
from app.blueprints.api.schemas.savings import PageQuerySchema
from app.services.notifications.kinds import KINDS


class InboxQuerySchema(PageQuerySchema):
    """Which notices: all, or the unread ones alone."""

    unread = QueryBoolean(load_default=False)


class ActionSchema(StrictSchema):
    """Where a notice leads: words for a button, and a path on this site."""

    label = fields.String(required=True)
    path = fields.String(required=True)


class NoticeSchema(StrictSchema):
    """One notice, in its reader's language."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    title = fields.String(required=True)
    text = fields.String(required=True)
    action = fields.Nested(ActionSchema, required=True, allow_none=True)
    created_at = UtcDateTime(required=True)
    read_at = UtcDateTime(required=True, allow_none=True)


class NoticePageSchema(StrictSchema):
    """A page of notices."""

    items = fields.List(fields.Nested(NoticeSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
