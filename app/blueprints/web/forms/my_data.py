"""Closing an account, and naming somebody."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import PasswordField, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired

from app.blueprints.web.forms.fields import DayField, Given, OneLine, PageForm
from app.blueprints.web.forms.kept import KeptForm

RELATIONS = [
    SelectChoice("", _("Choose")),
    SelectChoice("spouse", _("Husband or wife")),
    SelectChoice("mother", _("Mother")),
    SelectChoice("father", _("Father")),
    SelectChoice("daughter", _("Daughter")),
    SelectChoice("son", _("Son")),
    SelectChoice("sister", _("Sister")),
    SelectChoice("brother", _("Brother")),
    SelectChoice("grandparent", _("Grandparent")),
    SelectChoice("grandchild", _("Grandchild")),
    SelectChoice("other", _("Somebody else")),
]


class ErasureForm(PageForm):
    """The password, so that nobody else closes an account."""

    password = PasswordField(_("Password"), [Given("Enter your password."), OneLine(1024, strip=False)])


class NomineeForm(KeptForm):
    """The person, and how to find them."""

    name = StringField(_("Their name"), [Given("Enter their name."), OneLine(100)])
    relation = SelectField(_("They are your"), [InputRequired(_("Choose what they are to you."))], choices=RELATIONS)
    born_on = DayField(_("Their date of birth"), [InputRequired(_("Choose the day on which they were born."))])
    guardian = StringField(_("A grown-up who receives it for them"), [OneLine(100, min_length=0)])
    phone = StringField(_("Their mobile number"), [OneLine(32, min_length=0)])
    email = StringField(_("Their e-mail"), [OneLine(254, min_length=0)])
