"""What calls about standing instructions answer."""

from __future__ import annotations

from marshmallow import fields

from app.blueprints.api.schemas.base import LocalDate, MoneyField, StrictSchema


class AutoDepositStateSchema(StrictSchema):
    """An instruction and what comes of it.

    ``next_on`` and ``next_amount``: the next deposit, null while it is paused or the jar asks for nothing; ``told``:
    whether the notice of it is out. ``skipped_on``: a day to come that was skipped. ``failed_on``: the newest day on
    which it was due, where nothing came of it.
    """

    amount = MoneyField(required=True, dump_only=True)
    day = fields.Integer(required=True, allow_none=True)
    paused = fields.Boolean(required=True)
    next_on = LocalDate(required=True, allow_none=True)
    next_amount = MoneyField(required=True, allow_none=True, dump_only=True)
    told = fields.Boolean(required=True)
    skipped_on = LocalDate(required=True, allow_none=True)
    failed_on = LocalDate(required=True, allow_none=True)


class AutoDepositAnswerSchema(StrictSchema):
    """A jar's instruction, wrapped; null where there is none."""

    auto_deposit = fields.Nested(AutoDepositStateSchema, required=True, allow_none=True)
