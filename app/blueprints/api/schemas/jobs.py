"""What calls about jobs answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import StrictSchema, UtcDateTime


class JobSchema(StrictSchema):
    """One run of a job. ``total`` is null where nobody knows beforehand; ``error`` names what ended a failed one."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["queued", "running", "done", "failed"]))
    done = fields.Integer(required=True)
    total = fields.Integer(required=True, allow_none=True)
    started_at = UtcDateTime(required=True, allow_none=True)
    finished_at = UtcDateTime(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
