"""Joining and leaving the boards."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import StringField

from app.blueprints.web.forms.fields import Given, OneLine


class JoinForm(FlaskForm):
    """The name that others see."""

    display_name = StringField("Name that others see", [Given("Choose the name that others see."), OneLine(40)])


class LeaveForm(FlaskForm):
    """Nothing but the wish."""
