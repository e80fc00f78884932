"""The console's forms. Filters are asked with GET and change nothing; everything else carries the CSRF token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from wtforms import Field, SelectChoice, SelectField, StringField, ValidationError
from wtforms.form import BaseForm
from wtforms.validators import Optional

from app.blueprints.web.forms.fields import AmountField, DayField, Given, OneLine, PageForm

#: Rows of the longest page.
MOST_CHOSEN = 100


class FilterForm(PageForm):
    """What a list can be narrowed by: a field for each. Its names are those of the service's filters."""

    class Meta:
        csrf = False

    def asked(self) -> dict[str, Any]:
        """What was asked for, by name, once it is valid; fields that say nothing are left out."""
        return {
            name: value
            for name, value in self.data.items()
            if value is not None and (not isinstance(value, str) or value.strip())
        }

    def query(self) -> dict[str, str]:
        """What an address carries to ask the same."""
        return {field.name: field.raw_data[0] for field in self if field.raw_data and field.raw_data[0]}


class ChoiceFilter(SelectField):
    """One of several words, or any: ``choices`` without the word for any."""

    def __init__(self, label: str, choices: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(
            label, choices=[SelectChoice("", "Any"), *(SelectChoice(*one) for one in choices)], default="", **more
        )

    def offer(self, codes: list[str], words: Mapping[str, str]) -> None:
        """Offer what is known only when it is asked: codes as ``words`` say them, else without underscores."""
        said = sorted((words.get(code) or code.replace("_", " "), code) for code in codes)
        self.choices = [SelectChoice("", "Any"), *(SelectChoice(code, word) for word, code in said)]


class TextFilter(StringField):
    """A line of text."""

    def __init__(self, label: str, *, longest: int = 254, placeholder: str | None = None, **more: Any) -> None:
        super().__init__(label, [Optional(), OneLine(longest)], **more)
        self.placeholder = placeholder


class IdFilter(StringField):
    """An id: ``data`` is a UUID, or None where nothing was typed."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse what was typed."""
        self.data = None
        if valuelist and valuelist[0].strip():
            try:
                self.data = UUID(valuelist[0].strip())  # type: ignore[assignment]
            except ValueError:
                raise ValueError("This is no id.") from None

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""


class DayFilter(DayField):
    """A day."""


class LastDayFilter(DayFilter):
    """The last of the days whose first is the form's ``since``, and part of them."""

    def pre_validate(self, form: BaseForm) -> None:
        """The days must not be the wrong way round. Raises ValidationError."""
        first = form["since"].data
        if first and self.data and self.data < first:
            raise ValidationError("This is before the first day.")


class AmountFilter(AmountField):
    """An amount; ``data`` in minor units."""


class ChosenField(Field):
    """Rows of a list that were chosen: ``data`` is their ids, each once."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Parse what was sent."""
        try:
            self.data = list(dict.fromkeys(UUID(value) for value in valuelist))
        except ValueError:
            raise ValueError("This is no id.") from None


class ChosenForm(PageForm):
    """Rows of one page of a list."""

    chosen = ChosenField("Chosen")

    def validate_chosen(self, field: Field) -> None:
        """At least one, and no more than a page has. Raises ValidationError."""
        if not field.data or len(field.data) > MOST_CHOSEN:
            raise ValidationError("Choose at least one.")


class JumpForm(PageForm):
    """One line that names one thing."""

    named = StringField("Go to", [Given("Type an id, an e-mail address, a number or a reference."), OneLine(254)])


class ReasonForm(PageForm):
    """Why personal data is looked at."""

    reason = SelectField("Why do you need it?", [Given("Say why you need it.")])

    def validate_reason(self, field: Field) -> None:
        """One of the choices. Raises ValidationError."""
        if not field.data:
            raise ValidationError("Say why you need it.")
