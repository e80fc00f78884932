"""The form of a mapping: which keys it has, their defaults, and what each may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from app.models.savings import PLAN_TYPES
from app.periods import zone_exists

TYPES = ("deposit", "withdraw", "interest", "bonus", "fee")
SIGNS = ("positive", "negative", "any")
LONGEST_ACCOUNT = 64
# Where a file says nothing about types, the sign of the amount does.
BY_SIGN = [{"type": "deposit", "sign": "positive"}, {"type": "withdraw", "sign": "negative"}]


class _Strict(Schema):
    class Meta:
        unknown = RAISE


def _text(longest: int = 100, **more: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, longest), **more)


class _File(_Strict):
    delimiter = fields.String(load_default=",", validate=validate.Length(1, 1, error="Give one character."))
    encoding = fields.String(load_default="utf-8")


class _Columns(_Strict):
    account = _text(required=True)
    time = _text(required=True)
    amount = _text()
    credit = _text()
    debit = _text()
    balance = _text()

    @validates_schema
    def one_amount(self, data: dict[str, Any], **_: Any) -> None:
        """An amount in one column, or in two."""
        if ("amount" in data) == ("credit" in data or "debit" in data) or ("credit" in data) != ("debit" in data):
            raise ValidationError("Name either the column of the amount, or those of credit and debit.", "amount")


class _Time(_Strict):
    formats = fields.List(_text(), required=True, validate=validate.Length(1))
    zone = fields.String(required=True, validate=lambda name: _zone(name))
    same_day = fields.String(load_default="as_filed", validate=validate.OneOf(("as_filed", "credits_first")))


class _Amount(_Strict):
    decimal = fields.String(load_default=".", validate=validate.OneOf((".", ",")))
    thousands = fields.String(load_default="", validate=validate.OneOf(("", ",", ".", " ", "'")))


class _Type(_Strict):
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    sign = fields.String(load_default="positive", validate=validate.OneOf(SIGNS))
    when = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=dict)

    @validates_schema
    def values_are_text(self, data: dict[str, Any], **_: Any) -> None:
        """A column's value, or a list of them, as text."""
        for value in data["when"].values():
            if not all(isinstance(each, str) for each in (value if isinstance(value, list) else [value])):
                raise ValidationError('Give values as text: refund = "0", or k = ["a", "b"].', "when")


class _Jar(_Strict):
    plan = fields.String(load_default="flexible", validate=validate.OneOf(PLAN_TYPES))
    name = _text(60, load_default="Savings")
    target = fields.String()
    installment = fields.String()


class _Saver(_Strict):
    name = _text(100 - LONGEST_ACCOUNT, load_default="Saver {account}")
    email = _text(load_default="")


class MappingSchema(_Strict):
    """A mapping as TOML and options give it; defaults filled in, unknown keys refused."""

    name = fields.String(
        required=True,
        validate=validate.Regexp(r"(?a)[a-z0-9][a-z0-9-]{0,31}\Z", error="Use small letters, digits and hyphens."),
    )
    currency = fields.String(required=True)
    file = fields.Nested(_File, load_default=lambda: _File().load({}))
    columns = fields.Nested(_Columns, required=True)
    time = fields.Nested(_Time, required=True)
    amount = fields.Nested(_Amount, load_default=lambda: _Amount().load({}))
    types = fields.List(
        fields.Nested(_Type), load_default=lambda: _Type(many=True).load(BY_SIGN), validate=validate.Length(1)
    )
    jar = fields.Nested(_Jar, load_default=lambda: _Jar().load({}))
    saver = fields.Nested(_Saver, load_default=lambda: _Saver().load({}))


def sentences(messages: Any, path: str = "") -> Iterator[str]:
    """One sentence for each problem of a ValidationError, with the path of its value."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from sentences(inner, path if key == "_schema" else f"{path}.{key}" if path else str(key))
    else:
        for message in messages:
            yield f"{path}: {message}"


def _zone(name: str) -> None:
    if not zone_exists(name):
        raise ValidationError(f"{name} is not a time zone; write one such as Asia/Kolkata.")
