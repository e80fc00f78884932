"""Models that predict: their versions, how good each was, which one serves, and how it has held up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from flask import abort, flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect
from wtforms import BooleanField, HiddenField, StringField

from app import clock
from app.blueprints.ops import charts
from app.blueprints.ops.base import ConsoleView, StaffRole, only
from app.blueprints.web.access import caller
from app.blueprints.web.forms.fields import Given, OneLine, PageForm
from app.errors import DomainError
from app.services.credit import registry
from app.services.identity.staff_at_work import LONGEST_REASON
from app.services.ops.console import models
from app.transactions import run

#: What of these refusals is said to whoever asked; anything else is a mistake of ours.
TOLD = frozenset({"model_serving", "model_refused", "model_changed", "no_model_serving"})


VERSION = re.compile(r"[a-z0-9_.-]{1,32}")


class BecauseForm(PageForm):
    """Why which model serves is changed."""

    reason = StringField("Why?", [Given("Say why."), OneLine(LONGEST_REASON, min_length=3)])


class RollBackForm(BecauseForm):
    """The same, which one the page showed in service, and how far back."""

    serving = HiddenField()
    to_rule = BooleanField("Back to the rule alone")


class ModelsView(ConsoleView):
    """Every model that was trained, and what became of predictions."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "m"

    @expose("/")
    def index(self) -> str:
        """The versions, the newest first, with the last measurement."""
        return self._index(RollBackForm())

    def _index(self, form: RollBackForm) -> str:
        versions, measured = run(lambda: (models.versions(), models.measurements()))
        serving = next((one for one in versions if one.model.status == "serving"), None)
        form.serving.data = serving.model.version if serving else None
        return self.render(
            "ops/models.html",
            versions=versions,
            serving=serving,
            measured=measured,
            form=form,
            may_change=caller().role == "admin",
        )

    @expose("/<string:model_version>/")
    def one(self, model_version: str) -> str:
        """One model: how it came about, how good it was, and whether its file can be used now."""
        _known(model_version)
        return self._one(model_version, BecauseForm())

    def _one(self, version: str, form: BecauseForm) -> str:
        def work() -> tuple[Any, dict[str, Any], list[Any]]:
            return registry.kept_model(version), models.card(version), models.measurements()

        model, card, measured = run(work)
        # A file is fetched and looked through: outside of any transaction.
        refused = registry.refusal(model)
        return self.render(
            "ops/model.html",
            trail=[(version, None)],
            model=model,
            card=card,
            own=card["metrics"][model.kind],
            dots=charts.calibration(card["calibration"]),
            refused=refused,
            measured=[one for one in measured if one.model_version == version],
            form=form,
            may_change=caller().role == "admin",
        )

    @expose("/<string:model_version>/promote", methods=("POST",))
    @only("admin", fresh=True)
    def promote(self, model_version: str) -> Redirect | tuple[str, int]:
        """Have this model predict from now on."""
        _known(model_version)
        form = BecauseForm()
        if not form.validate():
            return self._one(model_version, form), 422
        person, now = caller(), clock.now()

        def work() -> str:
            before = models.promote(model_version, reason=form.reason.data, by=person.id, at=now)
            return f"{model_version} predicts from now on{f'; {before} did before' if before else ''}."

        return _told(work, url_for("ops_models.one", model_version=model_version))

    @expose("/in-service/roll-back", methods=("POST",))
    @only("admin", fresh=True)
    def roll_back(self) -> Redirect | tuple[str, int]:
        """Take the model in service back."""
        form = RollBackForm()
        if not form.validate():
            return self._index(form), 422
        person, now = caller(), clock.now()

        def work() -> str:
            gone, instead = models.roll_back(
                reason=form.reason.data,
                by=person.id,
                at=now,
                to_rule=bool(form.to_rule.data),
                only=form.serving.data or None,
            )
            return f"{gone} is taken back; {instead or 'the rule'} predicts from now on."

        return _told(work, url_for("ops_models.index"))


def _known(version: str) -> None:
    """What no version is written like is none."""
    if not VERSION.fullmatch(version):
        abort(404)


def _told(work: Callable[[], str], back: str) -> Redirect:
    try:
        said = run(work)
    except DomainError as refusal:
        if refusal.code not in TOLD:
            raise
        flash(str(refusal.message), "warning")
    else:
        flash(f"{said} Every score is recalculated.", "success")
    return redirect(back, 303)
