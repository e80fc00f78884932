"""Quiet hours, beside the switches that the page draws by itself."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import TimeField
from wtforms.validators import InputRequired


class ChoicesForm(FlaskForm):
    """Two local times; equal ones are no quiet at all."""

    quiet_from = TimeField("From", [InputRequired("Enter a time, such as 22:00.")])
    quiet_until = TimeField("Until", [InputRequired("Enter a time, such as 07:00.")])
