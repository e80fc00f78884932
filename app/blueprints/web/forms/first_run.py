"""The two questions that make a first jar."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import RadioField, SelectChoice, StringField

from app.blueprints.web.forms.fields import AmountField, Given, OneLine
from app.blueprints.web.forms.kept import KeptForm
from app.services.savings.jar import PLAN_TYPES


class GoalForm(KeptForm):
    """What for, and how much."""

    name = StringField(_("What is it for?"), [Given("Give the jar a name, like Bicycle."), OneLine(60)])
    target_amount = AmountField(_("How much in all?"), [Given("Say how much the jar should hold, like 5,000.")])


class PlanForm(KeptForm):
    """How often, and how much each time."""

    plan_type = RadioField(
        _("How often?"),
        [Given("Choose how often you want to save.")],
        choices=[SelectChoice(plan) for plan in PLAN_TYPES],
    )
    installment_amount = AmountField(_("How much each time?"))
