"""What calls about a saver's own data take and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import LocalDate, StrictBoolean, StrictSchema, StrictString, UtcDateTime
from app.services.identity.nominees import RELATIONS, SHARE


class ErasureSchema(StrictSchema):
    """The password, so that nobody else closes an account."""

    password = StrictString(required=True, max_length=1024, min_length=0, load_only=True)


class ConsentsSchema(StrictSchema):
    """What the saver says: versions of the texts, yes or no to the choices."""

    terms = StrictString(max_length=16)
    privacy = StrictString(max_length=16)
    marketing = StrictBoolean()
    training = StrictBoolean()


class StandingSchema(StrictSchema):
    """How one purpose stands. ``current``: the version that counts now; ``due``: an answer to it is wanted."""

    purpose = fields.String(required=True)
    required = fields.Boolean(required=True)
    given = fields.Boolean(required=True)
    version = fields.String(required=True, allow_none=True)
    at = UtcDateTime(required=True, allow_none=True)
    how = fields.String(required=True, allow_none=True)
    current = fields.String(required=True)
    due = fields.Boolean(required=True)


class StandingsSchema(StrictSchema):
    """Every purpose."""

    items = fields.List(fields.Nested(StandingSchema), required=True)


class NewNomineeSchema(StrictSchema):
    """Whom the saver names. ``guardian``: needed for one who is not 18 yet."""

    name = StrictString(required=True, max_length=100)
    relation = StrictString(required=True, max_length=16, validate=validate.OneOf(RELATIONS))
    date_of_birth = LocalDate(required=True, attribute="born_on")
    guardian = StrictString(max_length=100, allow_none=True, load_default=None)
    phone = StrictString(max_length=32, allow_none=True, load_default=None)
    email = StrictString(max_length=254, allow_none=True, load_default=None)


class NomineeSchema(StrictSchema):
    """The person named, for the whole of the savings."""

    name = fields.String(required=True)
    relation = fields.String(required=True, validate=validate.OneOf(RELATIONS))
    date_of_birth = LocalDate(required=True, attribute="born_on")
    guardian = fields.String(required=True, allow_none=True)
    phone = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    share = fields.Function(lambda _: SHARE, metadata={"type": "integer", "description": "Percent."})
    changed_at = UtcDateTime(required=True)


class NomineeAnswerSchema(StrictSchema):
    """A nominee, wrapped."""

    nominee = fields.Nested(NomineeSchema, required=True)
