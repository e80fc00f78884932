"""Fields as people type them: lines of text, amounts, days."""

from __future__ import annotations

from datetime import date
from typing import Any

import marshmallow
from flask import current_app, request
from flask_babel import gettext, ngettext
from flask_wtf import FlaskForm
from wtforms import DateField, Field, Form, StringField, ValidationError
from wtforms.validators import StopValidation

from app import money
from app.blueprints.api.schemas.base import EARLIEST, LATEST, StrictString
from app.blueprints.languages import in_language
from app.sentences import Sentence

#: What WTForms says by itself, with a catalogue of its own that has no Hindi.
OF_ANY_FORM = (
    Sentence("Not a valid choice."),
    Sentence("Not a valid time value."),
    Sentence("Invalid Choice: could not coerce."),
)


class PageForm(FlaskForm):
    """A form whose own complaints, and those of WTForms, are in the page's language.

    It is read from what a form sends, and from nothing else.
    """

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: Form, formdata: Any) -> Any:
            """Flask-WTF's own would read JSON too, whose values need not be text."""
            if request and request.is_json and not hasattr(formdata, "getlist"):
                return None
            return super().wrap_formdata(form, formdata)

        def get_translations(self, form: Form) -> type[_Catalogue]:
            """Ours: WTForms has no catalogue in Hindi."""
            return _Catalogue


class _Catalogue:
    gettext = staticmethod(gettext)

    @staticmethod
    def ngettext(singular: str, plural: str, count: int) -> str:
        return ngettext(singular, plural, count)


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
            raise ValidationError(in_language(error.messages[0])) from None


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
    """Something must be there; the form's own sentence (a key of the catalogues) says what. Draws it as required."""

    field_flags = {"required": True}  # noqa: RUF012 (WTForms reads it so)

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def __call__(self, _form: Form, field: Field) -> None:
        """Check that something was typed. Raises StopValidation with the form's sentence alone."""
        if not field.raw_data or not str(field.raw_data[0]).strip():
            field.errors = []
            raise StopValidation(gettext(self._sentence))


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
            try:
                self.data = money.parse_typed(valuelist[0], maximum=current_app.config["MAX_AMOUNT_MINOR"])
            except ValueError as error:
                raise ValueError(in_language(error.args[0])) from None

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
            raise ValueError(gettext("Choose a day, such as 14 February 2027.")) from None
        if not EARLIEST <= day <= LATEST:
            raise ValueError(gettext("Choose a day in this century."))
        self.data = day
