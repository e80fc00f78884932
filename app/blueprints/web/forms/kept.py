"""A form that takes up what was typed into it before the sign-in ended."""

from __future__ import annotations

from typing import Any

from flask import flash, get_template_attribute
from flask_wtf.form import _Auto, _is_submitted

from app.blueprints.web import kept
from app.blueprints.web.forms.fields import PageForm


class KeptForm(PageForm):
    """As PageForm; opened, not sent, it begins with what ``kept`` holds for its page."""

    class Meta(PageForm.Meta):
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """The values to begin with, as WTForms asks for them."""
            if formdata is _Auto and not _is_submitted():
                typed = kept.fields_of_this_page()
                if typed is not None:
                    flash(get_template_attribute("identity/kept_said.html", "still_here")(), "info")
                return typed
            return super().wrap_formdata(form, formdata)
