"""What calls about the habit take and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import LocalDate, MoneyField, StrictSchema
from app.blueprints.api.schemas.savings import JarStreakSchema


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
