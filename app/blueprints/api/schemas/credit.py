"""What calls about the score answer."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import LocalDate, StrictSchema, UtcDateTime
from app.scoring.policy import HIGHEST, LOWEST, policy

STATES = ("scored", "provisional", "no_history")
_RANGE = validate.Range(LOWEST, HIGHEST)
_BANDS = validate.OneOf([code for code, _ in policy().bands])
_CODES = validate.OneOf(list(policy().weights))


class CountOrShare(fields.Float):
    """A number as it is: a count stays whole."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value


def _observed() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=CountOrShare(), required=True)


class FactorSchema(StrictSchema):
    """One factor: ``points`` of at most ``max``, for what was ``observed`` (counts, and shares from 0 to 1)."""

    code = fields.String(required=True, validate=_CODES)
    points = fields.Integer(required=True)
    max = fields.Integer(required=True)
    observed = _observed()


class ScoreReasonSchema(StrictSchema):
    """A factor that costs points: what was measured and what to do, in the saver's language."""

    code = fields.String(required=True, validate=_CODES)
    text = fields.String(required=True)
    points = fields.Integer(required=True)
    max = fields.Integer(required=True)
    observed = _observed()
    action = fields.String(required=True)


class NextStepSchema(StrictSchema):
    """What would move the score, and by how many points by the rule; null while there is no score."""

    text = fields.String(required=True)
    points = fields.Integer(required=True, allow_none=True)


class CreditScoreSchema(StrictSchema):
    """Chhota's own score, not a bureau's. ``base`` and the points of ``factors`` add up to ``score``.

    Null, and without factors, while there is no history. ``model_version`` is null where the rule predicts.
    """

    status = fields.String(required=True, validate=validate.OneOf(STATES))
    score = fields.Integer(required=True, allow_none=True, validate=_RANGE)
    band = fields.String(required=True, allow_none=True, validate=_BANDS)
    predicted_score = fields.Integer(required=True, allow_none=True, validate=_RANGE)
    on_time_probability = fields.Float(required=True, allow_none=True, validate=validate.Range(0, 1))
    base = fields.Integer(required=True)
    factors = fields.List(fields.Nested(FactorSchema), required=True)
    reasons = fields.List(fields.Nested(ScoreReasonSchema), required=True, validate=validate.Length(max=4))
    next_steps = fields.List(fields.Nested(NextStepSchema), required=True)
    policy_version = fields.String(required=True)
    model_version = fields.String(required=True, allow_none=True)
    as_of = UtcDateTime(required=True)
    last_updated = UtcDateTime(required=True)


class ScoreDaySchema(StrictSchema):
    """The score at the end of a day on which it changed."""

    score = fields.Integer(required=True, validate=_RANGE)
    predicted_score = fields.Integer(required=True, allow_none=True, validate=_RANGE)
    date = LocalDate(required=True)


class ScoreHistoryPageSchema(StrictSchema):
    """A page of such days."""

    items = fields.List(fields.Nested(ScoreDaySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
