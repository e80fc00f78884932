"""What is put into a jar by itself."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField

from app.blueprints.web.forms.fields import AmountField, Given

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class AutoDepositForm(FlaskForm):
    """An amount and its day, where the jar's plan has one to choose."""

    amount = AmountField("How much each time?", [Given("Enter an amount, like 50.")])
    day = SelectField("On which day?", coerce=int)

    def fit(self, plan: str) -> None:
        """Offer the days that a jar of ``plan`` has."""
        if plan == "daily":
            del self.day
        elif plan == "weekly":
            self.day.choices = [SelectChoice(number, name) for number, name in enumerate(WEEKDAYS, 1)]
        else:
            self.day.choices = [SelectChoice(number, _ordinal(number)) for number in range(1, 32)]


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"The {number}{ending}"
