"""Jars, and what moves in and out of them."""

from __future__ import annotations

import re
from secrets import token_urlsafe

from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import Regexp

from app.blueprints.web.forms.fields import AmountField, DayField, Given, OneLine
from app.services.savings.jar import PLAN_TYPES

KEY = re.compile(r"[\x21-\x7e]{16,64}\Z")


class JarForm(FlaskForm):
    """A new jar."""

    name = StringField("What is it for?", [Given("Give the jar a name, like Bicycle."), OneLine(60)])
    target_amount = AmountField("How much in all?", [Given("Say how much the jar should hold, like 5,000.")])
    plan_type = RadioField(
        "How often?", [Given("Choose how often you want to save.")], choices=[SelectChoice(plan) for plan in PLAN_TYPES]
    )
    installment_amount = AmountField("How much each time?")
    end_date = DayField("By when?")


class JarChangeForm(FlaskForm):
    """What a saver may change of a jar; the amount of each time only until money has moved."""

    name = StringField("What is it for?", [Given("Give the jar a name, like Bicycle."), OneLine(60)])
    target_amount = AmountField("How much in all?", [Given("Say how much the jar should hold, like 5,000.")])
    installment_amount = AmountField("How much each time?")
    end_date = DayField("By when?")


class MovementForm(FlaskForm):
    """A deposit or withdrawal. ``key`` is made when the form is shown: sent twice, it moves money once."""

    key = HiddenField(validators=[Regexp(KEY, message="This form had lost its number. Please send it once more.")])
    amount = AmountField("How much?", [Given("Enter an amount, like 50.")])
    note = StringField("A note for yourself", [OneLine(200, min_length=0)])

    def renew(self) -> None:
        """Make this a form of its own: its next sending is another movement."""
        self.key.data = token_urlsafe(16)


class StatementForm(FlaskForm):
    """Which local days a statement covers; asked with GET, since it changes nothing."""

    class Meta:
        csrf = False

    since = DayField("From", [Given("Choose the first day.")], name="from")
    until = DayField("To", [Given("Choose the last day.")], name="to")


class CloseForm(FlaskForm):
    """Nothing but the form token."""


class PauseForm(FlaskForm):
    """Until when nothing is asked of a jar. ``resume`` ends a pause that is under way."""

    until = DayField("Pause until", [Given("Choose the last day of the pause.")])
