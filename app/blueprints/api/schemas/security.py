"""What calls about getting into an account take and answer."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import StrictSchema, StrictString, UtcDateTime

LONGEST_TOKEN = 200


def _password() -> StrictString:
    # Its length is the rule's matter (weak_password), not the parser's.
    return StrictString(required=True, max_length=1024, min_length=0, load_only=True)


class PasswordChangeSchema(StrictSchema):
    """The password that counts, and the one that shall."""

    current_password = _password()
    new_password = _password()


class ForgotSchema(StrictSchema):
    """The address of an account."""

    email = StrictString(required=True, max_length=254)


class ResetSchema(StrictSchema):
    """The token of the letter's link (what follows the last slash), and a password."""

    token = StrictString(required=True, max_length=LONGEST_TOKEN)
    password = _password()


class TokenSchema(StrictSchema):
    """The token of a letter's link: what follows the last slash."""

    token = StrictString(required=True, max_length=LONGEST_TOKEN)


class VerifiedSchema(StrictSchema):
    """What is proven now."""

    email_verified = fields.Boolean(required=True)


class CodeSchema(StrictSchema):
    """Six digits."""

    code = StrictString(required=True, max_length=16)


class CodeSentSchema(StrictSchema):
    """How long the code counts, in seconds, and how many tries it has."""

    expires_in = fields.Integer(required=True)
    tries = fields.Integer(required=True)


class ConfirmSchema(StrictSchema):
    """The password, and a code of the authenticator app (or a recovery code) where two-factor sign-in is on."""

    password = _password()
    otp = StrictString(max_length=32, load_only=True)


class PasswordAndCodeSchema(StrictSchema):
    """The password and a code of the authenticator app, or a recovery code."""

    password = _password()
    otp = StrictString(required=True, max_length=32, load_only=True)


class TwoFactorSchema(StrictSchema):
    """Whether it is on."""

    on = fields.Boolean(required=True)
    recovery_codes_left = fields.Integer(required=True)


class SecretSchema(StrictSchema):
    """For the authenticator app: the secret in base32, and the address that a QR code holds."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)


class RecoveryCodesSchema(StrictSchema):
    """Ten codes, each good for one sign-in; they are shown this once."""

    recovery_codes = fields.List(fields.String(), required=True)


class SignInSchema(StrictSchema):
    """Somewhere the person is signed in. ``current``: the sign-in that asks."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["api", "web"]))
    device = fields.String(required=True, allow_none=True)
    created_at = UtcDateTime(required=True)
    last_used_at = UtcDateTime(required=True)
    current = fields.Boolean(required=True)


class SignInListSchema(StrictSchema):
    """A page of them."""

    items = fields.List(fields.Nested(SignInSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
