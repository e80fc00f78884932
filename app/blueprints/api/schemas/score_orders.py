"""What orders of scores take and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import StrictSchema
from app.blueprints.api.schemas.jobs import JobSchema
from app.services.ops.scores import MOST_NAMED


class ScoreOrderSchema(StrictSchema):
    """``user_ids``: of whom; of everybody where it is not given."""

    user_ids = fields.List(
        fields.UUID(), validate=validate.Length(min=1, max=MOST_NAMED, error=f"Name 1 to {MOST_NAMED} savers.")
    )


class JobAnswerSchema(StrictSchema):
    """A run of a job, wrapped."""

    job = fields.Nested(JobSchema, required=True)
