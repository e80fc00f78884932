"""Jars, and what moves in and out of them."""

from __future__ import annotations

import re
from secrets import token_urlsafe

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import Regexp

from app.blueprints.web.forms.fields import AmountField, DayField, Given, OneLine, PageForm
from app.blueprints.web.forms.kept import KeptForm
from app.services.savings.jar import PLAN_TYPES

KEY = re.compile(r"[\x21-\x7e]{16,64}\Z")


class JarForm(KeptForm):
    """A new jar."""

    name = StringField(_("What is it for?"), [Given("Give the jar a name, like Bicycle."), OneLine(60)])
    target_amount = AmountField(_("How much in all?"), [Given("Say how much the jar should hold, like 5,000.")])
    plan_type = RadioField(
        _("How often?"),
        [Given("Choose how often you want to save.")],
        choices=[SelectChoice(plan) for plan in PLAN_TYPES],
    )
    installment_amount = AmountField(_("How much each time?"))
    end_date = DayField(_("By when?"))


class JarChangeForm(KeptForm):
    """What a saver may change of a jar; the amount of each time only until money has moved."""

    name = StringField(_("What is it for?"), [Given("Give the jar a name, like Bicycle."), OneLine(60)])
    target_amount = AmountField(_("How much in all?"), [Given("Say how much the jar should hold, like 5,000.")])
    installment_amount = AmountField(_("How much each time?"))
    end_date = DayField(_("By when?"))


class MovementForm(KeptForm):
    """A deposit or withdrawal. ``key`` is made when the form is shown: sent twice, it moves money once."""

    key = HiddenField(validators=[Regexp(KEY, message=_("This form had lost its number. Please send it once more."))])
    amount = AmountField(_("How much?"), [Given("Enter an amount, like 50.")])
    note = StringField(_("A note for yourself"), [OneLine(200, min_length=0)])

    def renew(self) -> None:
        """Make this a form of its own: its next sending is another movement."""
        self.key.data = token_urlsafe(16)


class StatementForm(PageForm):
    """Which local days a statement covers; asked with GET, since it changes nothing."""

    class Meta:
        csrf = False

    since = DayField(_("From"), [Given("Choose the first day.")], name="from")
    until = DayField(_("To"), [Given("Choose the last day.")], name="to")


class CloseForm(PageForm):
    """Nothing but the form token."""


class PauseForm(KeptForm):
    """Until when nothing is asked of a jar. ``resume`` ends a pause that is under way."""

    until = DayField(_("Pause until"), [Given("Choose the last day of the pause.")])
