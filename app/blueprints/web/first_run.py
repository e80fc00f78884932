"""The first minutes: a goal, a plan, a first deposit. Each can be left, and is taken up where it was."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, session, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.web import movements, refusals
from app.blueprints.web.access import caller, page_access
from app.blueprints.web.forms.first_run import GoalForm, PlanForm
from app.errors import DomainError
from app.services.savings import first_run
from app.services.savings.first_run import FirstRun
from app.transactions import run

blueprint = Blueprint("web_first_run", __name__, url_prefix="/begin")
#: The goal waits here for its plan: it becomes a jar only with both.
GOAL = "goal"
Page = str | tuple[str, int] | Redirect


@blueprint.get("", strict_slashes=False)
@page_access("saver")
def begin() -> Redirect:
    """Lead to the step that is next."""
    return _next(_read())


@blueprint.route("/goal", methods=["GET", "POST"])
@page_access("saver")
def goal() -> Page:
    """First: what for, and how much."""
    found = _read()
    if found.over or found.jar is not None:
        return _next(found)
    form, status = GoalForm(data=_goal()), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            session[GOAL] = {"name": form.name.data, "target_amount": form.target_amount.data}
            return _to("plan")
    return render_template("savings/first_run/goal.html", form=form), status


@blueprint.route("/plan", methods=["GET", "POST"])
@page_access("saver")
def plan() -> Page:
    """Second: how often, and how much each time."""
    found, chosen = _read(), _goal()
    if found.over or found.jar is not None or not chosen:
        return _next(found)
    form, status = PlanForm(data={"plan_type": "daily"}), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            person, at = caller(), clock.now()
            plan_type, each = form.plan_type.data, form.installment_amount.data
            try:
                run(lambda: first_run.make_jar(person, **chosen, plan_type=plan_type, installment_amount=each, at=at))
                session.pop(GOAL, None)
                return _to("first_deposit")
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("savings/first_run/plan.html", form=form, goal=chosen), status


@blueprint.get("/deposit")
@page_access("saver")
def first_deposit() -> Page:
    """Third: the first coin. The form is the jar's own."""
    found = _read()
    if found.jar is None:
        return _next(found)
    return render_template(
        "savings/first_run/deposit.html", view=found.jar, form=movements.to_begin(found.jar)["deposit"]
    )


def _read() -> FirstRun:
    return run(lambda: first_run.read(caller(), at=clock.now()))


def _goal() -> dict[str, Any]:
    kept = session.get(GOAL)
    return kept if isinstance(kept, dict) else {}


def _next(found: FirstRun) -> Redirect:
    if found.over:
        return redirect(url_for("web_savings.dashboard"), 303)
    return _to("first_deposit" if found.jar is not None else "plan" if _goal() else "goal")


def _to(step: str) -> Redirect:
    return redirect(url_for(f"web_first_run.{step}"), 303)
