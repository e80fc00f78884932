"""What calls about the habit take and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import LocalDate, MoneyField, StrictSchema
from app.blueprints.api.schemas.savings import BadgeSchema, JarStreakSchema


class CalendarDaySchema(StrictSchema):
    """One day: whether anything was put in, how often, and how much."""

    date = LocalDate(required=True)
    deposited = fields.Boolean(required=True)
    deposits = fields.Integer(required=True)
    amount = MoneyField(required=True, dump_only=True)


class StreaksSchema(StrictSchema):
    """The saver's own streak, that of the jar with the largest count, and what belongs to it."""

    current = fields.Integer(required=True)
    longest = fields.Integer(required=True)
    unit = fields.String(required=True, validate=validate.OneOf(["days", "weeks", "months"]))
    at_risk = fields.Boolean(required=True)
    next_deposit_due = LocalDate(required=True, allow_none=True)
    freezes_left = fields.Integer(required=True)
    jars = fields.List(fields.Nested(JarStreakSchema), required=True)
    calendar = fields.List(fields.Nested(CalendarDaySchema), required=True)


class PauseSchema(StrictSchema):
    """The last day of a pause."""

    until = LocalDate(required=True)


class BadgeToComeSchema(StrictSchema):
    """A badge that is not held yet: ``have`` of ``need``, and the share, 0 to 1, rounded down to two decimals.

    ``jar_id``: the jar that is nearest to it, where it is of one.
    """

    badge_type = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    progress = fields.Float(required=True, validate=validate.Range(0, 1))
    have = fields.Integer(required=True)
    need = fields.Integer(required=True)
    image = fields.String(required=True)
    jar_id = fields.UUID(required=True, allow_none=True)


class BadgesSchema(StrictSchema):
    """Badges held, newest first, and those to come."""

    earned = fields.List(fields.Nested(BadgeSchema), required=True)
    available = fields.List(fields.Nested(BadgeToComeSchema), required=True)
