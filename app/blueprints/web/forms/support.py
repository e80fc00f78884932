"""Asking staff for help."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import StringField, TextAreaField

from app.blueprints.api.schemas.support import LONGEST_SUBJECT, LONGEST_TEXT
from app.blueprints.web.forms.fields import Given, OneLine, SomeLines
from app.blueprints.web.forms.kept import KeptForm


class SupportForm(KeptForm):
    """What it is about, and what is the matter."""

    subject = StringField(
        _("In a few words"), [Given("Say in a few words what it is about."), OneLine(LONGEST_SUBJECT)]
    )
    text = TextAreaField(
        _("What should we look at?"),
        [Given("Say what should be looked at."), SomeLines(LONGEST_TEXT)],
    )


class AgainForm(KeptForm):
    """Why an answer is not good enough."""

    text = TextAreaField(
        _("What is still not right?"), [Given("Say what is still not right."), SomeLines(LONGEST_TEXT)]
    )
