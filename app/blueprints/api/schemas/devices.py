"""What the calls about devices take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from app.blueprints.api.schemas.base import StrictSchema, StrictString, UtcDateTime

KINDS = ("expo", "web")
MEMBERS = {"expo": {"token"}, "web": {"endpoint", "keys"}}


class KeysSchema(StrictSchema):
    """The public halves of a browser's subscription, in base64url."""

    p256dh = StrictString(required=True, max_length=100)
    auth = StrictString(required=True, max_length=40)


class NewDeviceSchema(StrictSchema):
    """``token`` for the phone app (kind expo); ``endpoint`` and ``keys`` for a browser (kind web)."""

    kind = StrictString(required=True, max_length=8, validate=validate.OneOf(KINDS, error="Choose one of: expo, web."))
    token = StrictString(max_length=250)
    endpoint = StrictString(max_length=1000)
    keys = fields.Nested(KeysSchema)

    @validates_schema
    def members_of_the_kind(self, data: dict[str, Any], **_: Any) -> None:
        """Each kind has members of its own."""
        given, wanted = set(data) - {"kind"}, MEMBERS.get(data.get("kind", ""), set())
        errors = {name: ["This is missing for a device of this kind."] for name in wanted - given}
        errors |= {name: ["A device of this kind has none."] for name in given - wanted}
        if errors:
            raise ValidationError(errors)


class DeviceSchema(StrictSchema):
    """A device that takes push."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    created_at = UtcDateTime(required=True)


class DeviceAnswerSchema(StrictSchema):
    """A device, wrapped."""

    device = fields.Nested(DeviceSchema, required=True)
