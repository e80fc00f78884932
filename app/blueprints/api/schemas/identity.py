"""What identity calls take and answer."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app import clock
from app.blueprints.api.schemas.base import StrictBoolean, StrictSchema, StrictString, UtcDateTime
from app.sentences import Sentence
from app.services.identity.profile import KYC_STATES, LANGUAGES, NOTIFICATION_KINDS, zone_in_force


class SignupSchema(StrictSchema):
    """A new account."""

    name = StrictString(required=True, max_length=100)
    email = StrictString(required=True, max_length=254)
    phone = StrictString(required=True, max_length=32)
    # Its length is the rule's matter (weak_password), not the parser's.
    password = StrictString(required=True, max_length=1024, min_length=0, load_only=True)


class LoginSchema(StrictSchema):
    """Address or number, with the password; ``otp`` is a code of the authenticator app, or a recovery code."""

    email = StrictString(max_length=254)
    phone = StrictString(max_length=32)
    password = StrictString(required=True, max_length=1024, min_length=0, load_only=True)

    otp = StrictString(max_length=32, load_only=True)

    @validates_schema
    def one_name(self, data: dict[str, Any], **_: Any) -> None:
        """Exactly one of the two names."""
        if ("email" in data) == ("phone" in data):
            raise ValidationError(Sentence("Give either email or phone."), "email")


class LogoutSchema(StrictSchema):
    """The refresh token, where it is at hand; the sign-in ends with or without it."""

    refresh_token = StrictString(max_length=4096)


class ChannelsSchema(StrictSchema):
    """Where one kind of notification goes besides the inbox."""

    email = StrictBoolean()
    push = StrictBoolean()
    sms = StrictBoolean()


class LocalTime(fields.Field[time]):
    """A time of day as HH:MM."""

    default_error_messages = {"invalid": Sentence("Give a time such as 22:00.")}  # noqa: RUF012 (marshmallow's own way)

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "example": "22:00"}
        super().__init__(metadata=metadata, **kwargs)

    def _serialize(self, value: time | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.strftime("%H:%M")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> time:
        if type(value) is not str or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            raise self.make_error("invalid")
        return time.fromisoformat(value)


class QuietHoursSchema(StrictSchema):
    """Local times between which only the inbox is filled; two equal ones are no quiet at all."""

    quiet_from = LocalTime(required=True, data_key="from")
    quiet_until = LocalTime(required=True, data_key="until")


class ProfileSchema(StrictSchema):
    """Fields of the profile that a person may change."""

    name = StrictString(max_length=100)
    phone = StrictString(max_length=32)
    email = StrictString(max_length=254)
    time_zone = StrictString(max_length=64)
    language = StrictString(max_length=8, validate=validate.OneOf(LANGUAGES, error=Sentence("Choose one of: en, hi.")))
    display_name = StrictString(max_length=40, min_length=0, allow_none=True)
    leaderboard_opt_in = StrictBoolean()
    notification_preferences = fields.Dict(
        keys=fields.String(validate=validate.OneOf(NOTIFICATION_KINDS)), values=fields.Nested(ChannelsSchema)
    )
    quiet_hours = fields.Nested(QuietHoursSchema)


class WholeProfileSchema(ProfileSchema):
    """The profile put as a whole: name, phone and email cannot be left out."""

    name = StrictString(required=True, max_length=100)
    phone = StrictString(required=True, max_length=32)
    email = StrictString(required=True, max_length=254)


class UserSchema(StrictSchema):
    """A person, as that person sees it."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email_verified = fields.Function(lambda user: user.email_verified_at is not None, metadata={"type": "boolean"})
    phone_verified = fields.Function(lambda user: user.phone_verified_at is not None, metadata={"type": "boolean"})
    kyc_status = fields.String(required=True, validate=validate.OneOf(KYC_STATES))
    time_zone = fields.Function(lambda user: zone_in_force(user, clock.now()), metadata={"type": "string"})
    time_zone_next = fields.Function(
        lambda user: user.time_zone_next if user.time_zone_from and user.time_zone_from > clock.now() else None,
        metadata={"type": ["string", "null"], "description": "The zone that replaces it at the next midnight."},
    )
    language = fields.String(required=True)
    display_name = fields.String(required=True, allow_none=True)
    leaderboard_opt_in = fields.Boolean(required=True)
    notification_preferences = fields.Dict(required=True)
    quiet_hours = fields.Nested(QuietHoursSchema, required=True)
    created_at = UtcDateTime(required=True)


class UserAnswerSchema(StrictSchema):
    """A person, wrapped."""

    user = fields.Nested(UserSchema, required=True)


class SignedInSchema(UserAnswerSchema):
    """A person with fresh tokens."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True, validate=validate.OneOf(["Bearer"]))
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds until the access token expires."})
