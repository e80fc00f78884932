"""What staff ask for and are answered."""

from __future__ import annotations

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import StrictSchema, StrictString, UtcDateTime
from app.blueprints.api.schemas.savings import HistoryQuerySchema, PageQuerySchema, TransactionSchema
from app.services.ops.console.lookup import KYC_STATES


class AccountQuerySchema(PageQuerySchema):
    """Which accounts: those whose e-mail address, number or name begins with ``q``, or of one state of identity."""

    q = StrictString(max_length=254)
    kyc_status = StrictString(max_length=16, validate=validate.OneOf(KYC_STATES))


class AccountSchema(StrictSchema):
    """An account, with who it is."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    email_verified = fields.Boolean(required=True)
    phone_verified = fields.Boolean(required=True)
    role = fields.String(required=True)
    status = fields.String(required=True)
    kyc_status = fields.String(required=True, validate=validate.OneOf(KYC_STATES))
    time_zone = fields.String(required=True)
    language = fields.String(required=True)
    created_at = UtcDateTime(required=True)


class AccountPageSchema(StrictSchema):
    """A page of accounts."""

    items = fields.List(fields.Nested(AccountSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class AllMovementsQuerySchema(HistoryQuerySchema):
    """Which movements: of one saver, of one jar, by type and by the savers' local days (both inclusive)."""

    user_id = fields.UUID()
    jar_id = fields.UUID()


class AnyTransactionSchema(TransactionSchema):
    """A movement and whose it is. ``jar_id`` is null where a loan moved and no jar."""

    user_id = fields.UUID(required=True)
    jar_id = fields.UUID(required=True, allow_none=True)


class AnyTransactionPageSchema(StrictSchema):
    """A page of movements of any savers."""

    items = fields.List(fields.Nested(AnyTransactionSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
