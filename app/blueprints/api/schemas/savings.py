"""What savings calls take and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import (
    LocalDate,
    MoneyField,
    QueryInteger,
    StrictBoolean,
    StrictInteger,
    StrictSchema,
    StrictString,
    UtcDateTime,
)
from app.ledger.accounts import TRANSACTION_TYPES
from app.services.savings.jar import JAR_STATES, PLAN_TYPES


class AutoDepositSchema(StrictSchema):
    """A standing instruction: an amount on a day (weekly 1 to 7 from Monday, monthly 1 to 31, daily none).

    Where a month is shorter the day is its last. While ``paused`` nothing is put in.
    """

    amount = MoneyField(required=True)
    day = StrictInteger(minimum=1, maximum=31)
    paused = StrictBoolean(load_default=False, dump_default=False)


class NewJarSchema(StrictSchema):
    """A new jar."""

    name = StrictString(required=True, max_length=60)
    plan_type = StrictString(required=True, max_length=16, validate=validate.OneOf(PLAN_TYPES))
    target_amount = MoneyField(required=True)
    installment_amount = MoneyField(allow_none=True)
    start_date = LocalDate(allow_none=True)
    end_date = LocalDate(allow_none=True)
    auto_deposit = fields.Nested(AutoDepositSchema, allow_none=True)


class JarChangeSchema(StrictSchema):
    """Fields of a jar that its saver may change; the plan never changes."""

    name = StrictString(max_length=60)
    target_amount = MoneyField()
    installment_amount = MoneyField(allow_none=True)
    end_date = LocalDate(allow_none=True)
    auto_deposit = fields.Nested(AutoDepositSchema, allow_none=True)


class JarSchema(StrictSchema):
    """A jar."""

    id = fields.UUID(required=True, attribute="jar.id")
    name = fields.String(required=True, attribute="jar.name")
    plan_type = fields.String(required=True, attribute="jar.plan_type", validate=validate.OneOf(PLAN_TYPES))
    target_amount = MoneyField(required=True, attribute="jar.target_amount", dump_only=True)
    current_amount = MoneyField(required=True, attribute="jar.current_amount", dump_only=True)
    currency = fields.String(required=True)
    start_date = LocalDate(required=True, attribute="jar.start_date")
    end_date = LocalDate(required=True, attribute="jar.end_date", allow_none=True)
    streak_count = fields.Integer(required=True, attribute="streak.current")
    installment_amount = MoneyField(required=True, attribute="jar.installment_amount", allow_none=True, dump_only=True)
    status = fields.String(required=True, attribute="jar.status", validate=validate.OneOf(JAR_STATES))
    progress = fields.Float(required=True, attribute="jar.progress", validate=validate.Range(0, 1))
    projected_completion_date = LocalDate(required=True, allow_none=True)
    on_track = fields.Boolean(required=True, allow_none=True)
    auto_deposit = fields.Nested(AutoDepositSchema, required=True, attribute="jar.auto_deposit", allow_none=True)
    created_at = UtcDateTime(required=True, attribute="jar.created_at")


class JarAnswerSchema(StrictSchema):
    """A jar, wrapped."""

    jar = fields.Nested(JarSchema, required=True)


class MovementSchema(StrictSchema):
    """A deposit or withdrawal."""

    jar_id = fields.UUID(required=True)
    amount = MoneyField(required=True)
    note = StrictString(max_length=200, allow_none=True)


class TransactionSchema(StrictSchema):
    """A movement as it was booked."""

    id = fields.UUID(required=True)
    jar_id = fields.UUID(required=True)
    type = fields.String(required=True, validate=validate.OneOf(TRANSACTION_TYPES))
    amount = MoneyField(required=True, dump_only=True)
    currency = fields.String(required=True)
    date = LocalDate(required=True)
    occurred_at = UtcDateTime(required=True)
    balance_after = MoneyField(required=True, dump_only=True)
    note = fields.String(required=True, allow_none=True)
    reversal_of = fields.UUID(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(["posted", "reversed"]))


class JarStreakSchema(StrictSchema):
    """The streak of one jar."""

    jar_id = fields.UUID(required=True)
    plan_type = fields.String(required=True, validate=validate.OneOf(PLAN_TYPES))
    current = fields.Integer(required=True)
    longest = fields.Integer(required=True)
    at_risk = fields.Boolean(required=True)
    due_by = LocalDate(required=True, allow_none=True)


class BadgeSchema(StrictSchema):
    """A badge that was earned, in the saver's language. ``image``: the path of its drawing, an SVG.

    ``jar_id``: of those that are earned for each jar.
    """

    badge_type = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    earned_at = UtcDateTime(required=True)
    image = fields.String(required=True)
    jar_id = fields.UUID(required=True, allow_none=True)


class MovementAnswerSchema(JarAnswerSchema):
    """What a deposit or withdrawal did."""

    transaction = fields.Nested(TransactionSchema, required=True)
    streak = fields.Nested(JarStreakSchema, required=True)
    badges_earned = fields.List(fields.Nested(BadgeSchema), required=True)


class PageQuerySchema(StrictSchema):
    """Which page of a list."""

    limit = QueryInteger(minimum=1, maximum=100, load_default=20)
    cursor = StrictString(max_length=1_000)


class HistoryQuerySchema(PageQuerySchema):
    """Which movements, by type and by local days (both inclusive)."""

    type = StrictString(max_length=16, validate=validate.OneOf(TRANSACTION_TYPES))
    since = LocalDate(data_key="from")
    until = LocalDate(data_key="to")


class JarPageSchema(StrictSchema):
    """A page of jars."""

    items = fields.List(fields.Nested(JarSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class TransactionPageSchema(StrictSchema):
    """A page of movements."""

    items = fields.List(fields.Nested(TransactionSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
