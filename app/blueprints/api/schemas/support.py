"""What calls for help take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app.blueprints.api.schemas.base import LocalDate, StrictSchema, StrictString, UtcDateTime
from app.sentences import Sentence
from app.services.ops.support_requests import ABOUT

LONGEST_SUBJECT = 120
LONGEST_TEXT = 4_000


class AboutSchema(StrictSchema):
    """What a request is about: the score, or a loan or transaction by its id."""

    kind = StrictString(required=True, max_length=16, validate=validate.OneOf(ABOUT))
    id = fields.UUID(allow_none=True, load_default=None)

    @validates_schema
    def _named(self, data: dict[str, Any], **_: Any) -> None:
        if (data["kind"] == "score") != (data["id"] is None):
            said = (
                Sentence("There is one score only: leave this out.")
                if data["kind"] == "score"
                else Sentence("Say which one.")
            )
            raise ValidationError(said, "id")


class NewSupportRequestSchema(StrictSchema):
    """A saver's question or complaint."""

    subject = StrictString(required=True, max_length=LONGEST_SUBJECT)
    text = StrictString(required=True, max_length=LONGEST_TEXT, multiline=True)
    about = fields.Nested(AboutSchema, allow_none=True, load_default=None)


class AskAgainSchema(StrictSchema):
    """Why the saver is not content with the answer."""

    text = StrictString(required=True, max_length=LONGEST_TEXT, multiline=True)


class OfficerSchema(StrictSchema):
    """The person who is answerable for the answer."""

    name = fields.String(required=True)
    email = fields.String(required=True)
    phone = fields.String(required=True)


class SupportRequestSchema(StrictSchema):
    """A request. ``answer_by``: the day, in the saver's zone, by which it is answered; ``overdue``: it has passed.

    ``level`` 2 is a request about the answer to another, ``appeal_of``; ``appeal`` names the one about this answer.
    """

    id = fields.UUID(required=True)
    reference = fields.String(required=True)
    subject = fields.String(required=True)
    text = fields.String(required=True)
    about = fields.Nested(AboutSchema, required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(["open", "answered"]))
    created_at = UtcDateTime(required=True)
    answer_by = LocalDate(required=True)
    answer = fields.String(required=True, allow_none=True)
    answered_at = UtcDateTime(required=True, allow_none=True)
    level = fields.Integer(required=True)
    overdue = fields.Boolean(required=True)
    can_appeal = fields.Boolean(required=True)
    appeal_of = fields.UUID(required=True, allow_none=True)
    appeal = fields.UUID(required=True, allow_none=True)
    officer = fields.Nested(OfficerSchema, required=True)


class SupportRequestPageSchema(StrictSchema):
    """A page of requests."""

    items = fields.List(fields.Nested(SupportRequestSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
