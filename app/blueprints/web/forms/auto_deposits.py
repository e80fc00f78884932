"""What is put into a jar by itself."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import SelectChoice, SelectField

from app.blueprints.web.formats import ordinal, weekday_of
from app.blueprints.web.forms.fields import AmountField, Given
from app.blueprints.web.forms.kept import KeptForm


class AutoDepositForm(KeptForm):
    """An amount and its day, where the jar's plan has one to choose."""

    amount = AmountField(_("How much each time?"), [Given("Enter an amount, like 50.")])
    day = SelectField(_("On which day?"), coerce=int)

    def fit(self, plan: str) -> None:
        """Offer the days that a jar of ``plan`` has."""
        if plan == "daily":
            del self.day
        elif plan == "weekly":
            self.day.choices = [SelectChoice(number, weekday_of(number)) for number in range(1, 8)]
        else:
            self.day.choices = [
                SelectChoice(number, gettext("The %(day)s", day=ordinal(number))) for number in range(1, 32)
            ]
