"""Choosing a loan, agreeing to it, paying it back."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any, Final

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, RadioField, SelectChoice, SelectField, ValidationError
from wtforms.validators import DataRequired, Regexp

from app.blueprints.web.forms.fields import AmountField, Given
from app.blueprints.web.forms.kept import KeptForm
from app.blueprints.web.forms.savings import KEY

#: A payment of another amount than those that are proposed.
OTHER: Final = "other"
LOST_NUMBER = _("This form had lost its number. Please send it once more.")


class KeyedForm(KeptForm):
    """A form with a number of its own. ``key`` is made when it is shown: sent twice, it acts once."""

    key = HiddenField(validators=[Regexp(KEY, message=LOST_NUMBER)])

    def renew(self) -> None:
        """Make this a form of its own: its next sending is another act."""
        self.key.data = token_urlsafe(16)


class ChoiceForm(KeptForm):
    """How much, and over how many months. It has no number: nothing moves, and whoever comes back chooses anew."""

    amount = AmountField(_("How much?"), [Given("Enter an amount, like 5,000.")])
    months = RadioField(_("Over how long?"), [Given("Choose over how many months.")], coerce=int)


class AcceptForm(KeyedForm):
    """Agreeing to the version of a statement that stands above the form, and where the money goes in the end."""

    version = HiddenField()
    jar = SelectField(_("Where does the money go at the end?"))
    agree = BooleanField(validators=[DataRequired(message=_("Tick this once you have read the key facts."))])


class RepayForm(KeyedForm):
    """How much, and from where. ``what``: a proposed amount as it was shown, or OTHER and then ``amount``."""

    what = RadioField(_("How much?"), [Given("Choose how much to pay.")])
    amount = AmountField(_("The other amount"))
    jar = SelectField(_("From where?"))

    def validate_amount(self, field: AmountField) -> None:
        """Another amount is given exactly where that was chosen: nobody pays what they did not mean."""
        if self.what.data == OTHER and field.data is None and not field.errors:
            raise ValidationError(gettext("Enter an amount, like 500."))
        if self.what.data not in {OTHER, None} and field.raw_data and field.raw_data[0].strip():
            raise ValidationError(gettext("Choose “Another amount” to pay this, or leave it empty."))


def choices(pairs: list[tuple[Any, str]]) -> list[SelectChoice]:
    """What a field offers."""
    return [SelectChoice(value, words) for value, words in pairs]
