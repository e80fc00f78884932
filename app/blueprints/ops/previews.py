"""What savers are told, template by template, as it would reach them; looking sends nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request
from flask_admin import expose
from wtforms import SelectChoice, SelectField

from app import clock
from app.blueprints.ops.base import ConsoleView, StaffRole
from app.blueprints.ops.forms import FilterForm
from app.errors import DomainError
from app.services.ops.console import previews

LANGUAGES = {"en": "English", "hi": "Hindi"}


class PreviewForm(FilterForm):
    """Which template, in which language, told on which occasion."""

    kind = SelectField("Template", choices=[SelectChoice(one, one.replace("_", " ")) for one in previews.kinds()])
    language = SelectField("Language", choices=[SelectChoice(one, LANGUAGES[one]) for one in previews.LANGUAGES])


class TemplatesView(ConsoleView):
    """Each template with facts of nobody: every occasion it is told on, and each way it takes."""

    role: ClassVar[StaffRole | None] = "support"

    @expose("/")
    def index(self) -> str | tuple[str, int]:
        """One template; the first one unless another is asked for. What is not there answers 400."""
        strange = [name for name in request.args if name not in {"kind", "language", "occasion"}]
        if strange or any(len(request.args.getlist(name)) > 1 for name in request.args):
            raise DomainError("invalid_argument", "This page does not know that argument, or knows it once only.")
        form = PreviewForm(request.args, kind=previews.kinds()[0], language=previews.LANGUAGES[0])
        asked: dict[str, Any] = {
            "kind": request.args.get("kind") or previews.kinds()[0],
            "language": request.args.get("language") or previews.LANGUAGES[0],
        }
        form.process(data=asked)
        if not form.validate():
            raise DomainError("invalid_argument", "There is no such template.")
        occasions = previews.occasions(asked["kind"])
        occasion = request.args.get("occasion") or occasions[0]
        if occasion not in occasions:
            raise DomainError("invalid_argument", "This template is not told on that occasion.")
        shown = previews.preview(asked["kind"], occasion, asked["language"], at=clock.now())
        return self.render("ops/templates.html", form=form, shown=shown, occasions=occasions, **asked)
