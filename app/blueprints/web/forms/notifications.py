"""Quiet hours, beside the switches that the page draws by itself."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import TimeField
from wtforms.validators import InputRequired

from app.blueprints.web.forms.fields import PageForm


class ChoicesForm(PageForm):
    """Two local times; equal ones are no quiet at all."""

    quiet_from = TimeField(_("From"), [InputRequired(_("Enter a time, such as 22:00."))])
    quiet_until = TimeField(_("Until"), [InputRequired(_("Enter a time, such as 07:00."))])
