"""Fields as people type them: lines of text, amounts, days."""

from __future__ import annotations

from datetime import date
from typing import Any

import marshmallow
from flask import current_app
from wtforms import DateField, Field, Form, StringField, ValidationError
from wtforms.validators import StopValidation

from app import money
from app.blueprints.api.schemas.base import EARLIEST, LATEST, StrictString


class OneLine:
    """The API's own rule for a line of text; the field's data is then in Unicode NFC, without spaces at its ends."""

    def __init__(self, max_length: int, *, min_length: int = 1, strip: bool = True) -> None:
        self._rule = StrictString(max_length=max_length, min_length=min_length)
        self._strip = strip

    def __call__(self, _form: Form, field: Field) -> None:
        """Check the field's data. Raises ValidationError."""
        text = field.data or ""
        try:
            field.data = self._rule.deserialize(text.strip() if self._strip else text)
        except marshmallow.ValidationError as error:
            raise ValidationError(error.messages[0]) from None


class SomeLines(OneLine):
    """The same for text of several lines, which browsers end in a way of their own."""

    def __init__(self, max_length: int) -> None:
        super().__init__(max_length)
        self._rule = StrictString(max_length=max_length, multiline=True)

    def __call__(self, form: Form, field: Field) -> None:
        """See OneLine."""
        field.data = (field.data or "").replace("\r\n", "\n")
        super().__call__(form, field)


class Given:
    """Something must be there; the form's own sentence says what. Draws the field as required."""

    field_flags = {"required": True}  # noqa: RUF012 (WTForms reads it so)

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def __call__(self, _form: Form, field: Field) -> None:
        """Check that something was typed. Raises StopValidation with the form's sentence alone."""
        if not field.raw_data or not str(field.raw_data[0]).strip():
            field.errors = []
            raise StopValidation(self._sentence)


class AmountField(StringField):
    """An amount in major units as people write it (₹ 1,00,000.50, Rs. 500/-, १००): ``data`` is minor units.

    What was typed is shown again as it was typed. Nothing typed is None.
    """

    def process_data(self, value: int | None) -> None:
        """Minor units to begin with."""
        self.data = value

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse what was typed."""
        self.data = None
        if valuelist and valuelist[0].strip():
            self.data = money.parse_typed(valuelist[0], maximum=current_app.config["MAX_AMOUNT_MINOR"])

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else money.to_decimal_string(self.data).removesuffix(".00")


class DayField(DateField):
    """A calendar day as a browser sends it (2026-02-14), from 1900 to 2199. Nothing chosen is None."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse what was chosen."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            day = date.fromisoformat(valuelist[0].strip())
        except ValueError:
            raise ValueError("Choose a day, such as 14 February 2027.") from None
        if not EARLIEST <= day <= LATEST:
            raise ValueError("Choose a day in this century.")
        self.data = day
