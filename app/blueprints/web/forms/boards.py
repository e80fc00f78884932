"""Joining and leaving the boards."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import StringField

from app.blueprints.web.forms.fields import Given, OneLine, PageForm


class JoinForm(PageForm):
    """The name that others see."""

    display_name = StringField(_("Name that others see"), [Given("Choose the name that others see."), OneLine(40)])


class LeaveForm(PageForm):
    """Nothing but the wish."""
