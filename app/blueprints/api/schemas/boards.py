"""What a leaderboard is asked, and what it answers: names, ranks and how consistent; never money."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import LocalDate, QueryInteger, StrictSchema
from app.services.gamification.boards import BOARDS, PERIODS


class BoardQuerySchema(StrictSchema):
    """Which board of which period, and how many of its first lines."""

    board = fields.String(
        load_default="streak", validate=validate.OneOf(BOARDS, error="Choose one of: streak, consistency.")
    )
    period = fields.String(
        load_default="week", validate=validate.OneOf(PERIODS, error="Choose one of: week, month, all.")
    )
    limit = QueryInteger(load_default=20, minimum=1, maximum=100)


class EntrySchema(StrictSchema):
    """A line: equal values share a rank. ``value``: days (streak) or whole percent (consistency)."""

    rank = fields.Integer(required=True)
    display_name = fields.String(required=True)
    value = fields.Integer(required=True)
    me = fields.Boolean(required=True)


class OwnPlaceSchema(StrictSchema):
    """The caller's own place, with up to two lines before and after it; one's own stands among them."""

    rank = fields.Integer(required=True)
    value = fields.Integer(required=True)
    neighbours = fields.List(fields.Nested(EntrySchema), required=True)


class BoardSchema(StrictSchema):
    """A leaderboard. ``period_start`` is null for ``all``; ``me`` is null for whoever has no place on it."""

    board = fields.String(required=True, validate=validate.OneOf(BOARDS))
    period = fields.String(required=True, validate=validate.OneOf(PERIODS))
    period_start = LocalDate(required=True, allow_none=True)
    items = fields.List(fields.Nested(EntrySchema), required=True)
    me = fields.Nested(OwnPlaceSchema, required=True, allow_none=True)
    opted_in = fields.Boolean(required=True)
    total = fields.Integer(required=True)
