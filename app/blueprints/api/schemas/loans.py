"""What calls about loans take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.blueprints.api.schemas.base import (
    LocalDate,
    MoneyField,
    StrictInteger,
    StrictSchema,
    StrictString,
    UtcDateTime,
)
from app.services.loans.loan import CANCEL_REASONS, LOAN_STATES

PERCENT = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$", "description": "A year, in percent."}
INSTALMENT_STATES = ("open", "paid", "overdue")


class Percent(fields.String):
    """A rate in percent with two decimals, as a string."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata=PERCENT, **kwargs)


class Measured(fields.Raw):
    """A plain value: a word, a count, a share from 0 to 1, or money as a decimal string; null where there is none."""

    def __init__(self, **kwargs: Any) -> None:
        # Raw has no type of its own in the document: any is what it says.
        super().__init__(allow_none=True, **kwargs)


class CheckSchema(StrictSchema):
    """One check: what was found and what is required, with its sentence in the saver's language."""

    code = fields.String(required=True)
    passed = fields.Boolean(required=True)
    actual = Measured(required=True)
    required = Measured(required=True)
    text = fields.String(required=True)


class OptionSchema(StrictSchema):
    """The largest loan over so many months."""

    tenure_months = fields.Integer(required=True, attribute="months")
    max_amount = MoneyField(required=True, dump_only=True)
    instalment = MoneyField(required=True, dump_only=True)
    apr = Percent(required=True)


class EligibilitySchema(StrictSchema):
    """A decision, as it is kept under ``decision_id``. ``reasons``: every check, whether it passed or not.

    ``apr`` and ``instalment`` are of ``max_amount`` over the longest of ``tenure_months``; where nothing is offered,
    of the least that is lent.
    """

    eligible = fields.Boolean(required=True)
    max_amount = MoneyField(required=True, dump_only=True)
    min_amount = MoneyField(required=True, attribute="least", dump_only=True)
    currency = fields.String(required=True)
    tenure_months = fields.List(fields.Integer(), required=True)
    apr = Percent(required=True)
    instalment = MoneyField(required=True, dump_only=True)
    options = fields.List(fields.Nested(OptionSchema), required=True)
    reasons = fields.List(fields.Nested(CheckSchema), required=True)
    next_steps = fields.List(fields.String(), required=True)
    decision_id = fields.UUID(required=True, attribute="id")
    decided_at = UtcDateTime(required=True)
    valid_until = UtcDateTime(required=True)
    score = fields.Integer(required=True, allow_none=True)
    loan_policy_version = fields.String(required=True)
    policy_version = fields.String(required=True, allow_none=True)
    model_version = fields.String(required=True, allow_none=True)


class NewLoanSchema(StrictSchema):
    """What is asked for."""

    amount = MoneyField(required=True)
    tenure_months = StrictInteger(required=True, minimum=1, maximum=600)


class AcceptanceSchema(StrictSchema):
    """``version`` is the one of the key fact statement that the saver has read.

    ``jar_id``: where the money goes when the loan is paid back; without it, into a new jar.
    """

    version = StrictString(required=True, max_length=64, validate=validate.Regexp(r"^[0-9a-f]{64}$"))
    jar_id = fields.UUID(allow_none=True, load_default=None)


class RepaymentSchema(StrictSchema):
    """A payment; from the jar, or without one from outside."""

    amount = MoneyField(required=True)
    jar_id = fields.UUID(allow_none=True, load_default=None)


class InstalmentSchema(StrictSchema):
    """One instalment. ``paid_amount``: what was paid of principal and interest."""

    number = fields.Integer(required=True)
    due_date = LocalDate(required=True)
    principal = MoneyField(required=True, dump_only=True)
    interest = MoneyField(required=True, dump_only=True)
    amount = MoneyField(required=True, dump_only=True)
    paid_amount = MoneyField(required=True, dump_only=True)
    late_charge = MoneyField(required=True, dump_only=True)
    late_charge_paid = MoneyField(required=True, dump_only=True)
    paid_at = UtcDateTime(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(INSTALMENT_STATES))


class NextDueSchema(StrictSchema):
    """The oldest instalment that is not paid, and what is left of it."""

    due_date = LocalDate(required=True)
    amount = MoneyField(required=True, dump_only=True)


class LoanSchema(StrictSchema):
    """A loan or an offer of one. Rates are a year's, in percent.

    ``outstanding``: the principal that is to be paid back. ``closing_amount``: what closes the loan today, with the
    interest up to today and late charges; null where nothing is to be paid back. Of an offer, due dates are those that
    it would have if it were accepted today.
    """

    id = fields.UUID(required=True)
    status = fields.String(required=True, validate=validate.OneOf(LOAN_STATES))
    amount = MoneyField(required=True, dump_only=True)
    currency = fields.String(required=True)
    fee = MoneyField(required=True, dump_only=True)
    locked = MoneyField(required=True, dump_only=True)
    tenure_months = fields.Integer(required=True)
    interest_rate = Percent(required=True)
    apr = Percent(required=True)
    instalment = MoneyField(required=True, dump_only=True)
    outstanding = MoneyField(required=True, dump_only=True)
    closing_amount = MoneyField(required=True, allow_none=True, dump_only=True)
    overdue = MoneyField(required=True, dump_only=True)
    days_overdue = fields.Integer(required=True)
    paid = MoneyField(required=True, dump_only=True)
    next_due = fields.Nested(NextDueSchema, required=True, allow_none=True)
    schedule = fields.List(fields.Nested(InstalmentSchema), required=True)
    statement_version = fields.String(required=True)
    decision_id = fields.UUID(required=True)
    jar_id = fields.UUID(required=True, allow_none=True)
    offered_at = UtcDateTime(required=True)
    expires_at = UtcDateTime(required=True)
    accepted_at = UtcDateTime(required=True, allow_none=True)
    cancel_until = UtcDateTime(required=True, allow_none=True)
    ended_at = UtcDateTime(required=True, allow_none=True)
    cancel_reason = fields.String(required=True, allow_none=True, validate=validate.OneOf(CANCEL_REASONS))


class LoanAnswerSchema(StrictSchema):
    """A loan, wrapped."""

    loan = fields.Nested(LoanSchema, required=True)


class OfficerOfLoansSchema(StrictSchema):
    """Who answers complaints."""

    name = fields.String(required=True)
    email = fields.String(required=True)
    phone = fields.String(required=True)


class StatedInstalmentSchema(StrictSchema):
    """One instalment as it is promised; its day is so many months after the day of acceptance."""

    number = fields.Integer(required=True)
    months_after_acceptance = fields.Integer(required=True)
    principal = fields.String(required=True)
    interest = fields.String(required=True)
    instalment = fields.String(required=True)
    owed_after = fields.String(required=True)


class KeyFactStatementSchema(StrictSchema):
    """The key fact statement. It never changes.

    ``version`` is the SHA-256 of all other members as JSON in UTF-8: in the order of their names, without spaces, not
    escaped beyond need.
    """

    version = fields.String(required=True)
    form = fields.String(required=True)
    loan_id = fields.String(required=True)
    product = fields.String(required=True)
    policy_version = fields.String(required=True)
    language = fields.String(required=True)
    offered_at = fields.String(required=True)
    expires_at = fields.String(required=True)
    currency = fields.String(required=True)
    amount = fields.String(required=True)
    fee = fields.String(required=True)
    locked = fields.String(required=True)
    tenure_months = fields.Integer(required=True)
    interest_rate = fields.String(required=True)
    apr = fields.String(required=True)
    instalment = fields.String(required=True)
    last_instalment = fields.String(required=True)
    total_interest = fields.String(required=True)
    total_cost = fields.String(required=True)
    total_repaid = fields.String(required=True)
    cooling_off_days = fields.Integer(required=True)
    on_time_days = fields.Integer(required=True)
    late_charge = fields.String(required=True)
    missed_after_days = fields.Integer(required=True)
    default_after_days = fields.Integer(required=True)
    officer = fields.Nested(OfficerOfLoansSchema, required=True)
    schedule = fields.List(fields.Nested(StatedInstalmentSchema), required=True)


class OfferAnswerSchema(LoanAnswerSchema):
    """An offer with the statement that its saver would agree to."""

    statement = fields.Nested(KeyFactStatementSchema, required=True)


class PaymentSchema(StrictSchema):
    """What a payment was for. ``interest`` is below zero where closing early gives back interest paid ahead."""

    id = fields.UUID(required=True)
    transaction_id = fields.UUID(required=True)
    amount = MoneyField(required=True, dump_only=True)
    principal = MoneyField(required=True, attribute="split.principal", dump_only=True)
    interest = MoneyField(required=True, attribute="split.interest", dump_only=True)
    late_charges = MoneyField(required=True, attribute="split.charges", dump_only=True)
    jar_id = fields.UUID(required=True, allow_none=True)
    made_at = UtcDateTime(required=True)
    released_to = fields.UUID(required=True, allow_none=True)


class PaymentAnswerSchema(LoanAnswerSchema):
    """A loan after a payment; ``released_to`` is the jar that the money went to with the last one."""

    payment = fields.Nested(PaymentSchema, required=True)


class LoanPageSchema(StrictSchema):
    """A page of loans and offers, newest first."""

    items = fields.List(fields.Nested(LoanSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
