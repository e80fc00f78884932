"""The saver's home and the jars."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints import cursors
from app.blueprints.web import movements, refusals, undo
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.balance_chart import chart
from app.blueprints.web.credit import spoken
from app.blueprints.web.forms.history import HistoryForm
from app.blueprints.web.forms.savings import CloseForm, JarChangeForm, JarForm, PauseForm
from app.errors import DomainError, NotFound
from app.periods import Plan
from app.services.credit import reading
from app.services.gamification.freezes import periods_to_next
from app.services.loans import standing
from app.services.savings import auto_deposits, balances, calendar, histories, jar_pictures, jars, pauses
from app.services.savings.histories import Filter
from app.services.savings.jar import JarView
from app.services.savings.overview import best_jar, overview
from app.services.savings.suggestions import next_deposit, pace_needed
from app.transactions import run

blueprint = Blueprint("web_savings", __name__)
SAID = "savings/said.html"
JARS_ON_A_PAGE = 30
MOVEMENTS_ON_A_PAGE = 12
MOVEMENTS_AT_HOME = 5
JARS_AT_HOME = 4
Page = str | tuple[str, int] | Redirect


@blueprint.get("/dashboard")
@page_access("saver")
def dashboard() -> str:
    """The saver's home."""
    person, at = caller(), clock.now()

    def work() -> dict[str, Any]:
        seen = overview(person, at=at)
        best = best_jar(seen.jars)
        rows, _ = histories.page(person.id, Filter(), limit=JARS_ON_A_PAGE) if seen.jars else ([], None)
        suggestion = next_deposit(seen.jars, rows)
        return {
            "overview": seen,
            "first": _first(seen.jars, suggestion.jar if suggestion else None),
            "best": best,
            "next_freeze": best and periods_to_next(seen.freezes, Plan(best.jar.plan_type)),
            "lamps": calendar.of_home(seen, best),
            "suggestion": suggestion,
            "rows": rows[:MOVEMENTS_AT_HOME],
            "score": spoken(reading.read(person, at=at)) if seen.jars else None,
            "due": standing.next_due(person.id, today=seen.today) if seen.jars else None,
        }

    return render_template("savings/dashboard.html", person=person, pace_needed=pace_needed, **run(work))


@blueprint.get("/jars")
@page_access("saver")
def list_jars() -> str:
    """Every jar, the closed ones too."""
    person, about = caller(), f"web:jars:{caller().id}"
    after = cursors.decode(request.args.get("after"), about=about)
    views, position = run(lambda: jars.page(person, at=clock.now(), limit=JARS_ON_A_PAGE, after=after))
    return render_template(
        "savings/jars.html", views=views, older=cursors.encode(position, about=about), pace_needed=pace_needed
    )


@blueprint.route("/jars/new", methods=["GET", "POST"])
@page_access("saver")
def new_jar() -> Page:
    """Make a jar."""
    form, status = JarForm(data={"plan_type": "daily"}), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            values = {name: value for name, value in form.data.items() if name != "csrf_token"}
            try:
                made = run(lambda: jars.create(caller(), **values, at=clock.now()))
                say("success", SAID, "jar_made", made.jar.name)
                return redirect(url_for("web_savings.jar", jar_id=made.jar.id), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("savings/new_jar.html", form=form), status


@blueprint.get("/jars/<uuid:jar_id>")
@page_access("saver")
def jar(jar_id: UUID) -> Page:
    """One jar with its lamps and what moved in it, or what the address asks of its history."""
    person, at = caller(), clock.now()
    sift = HistoryForm(formdata=request.args)
    which, status = Filter(jar_id), 200
    if sift.asked():
        status = 200 if sift.validate() else 422
        which = sift.of(jar_id) if status == 200 else which
    about = f"web:history:{person.id}:{jar_id}:{which.type}:{which.since}:{which.until}"
    after = cursors.decode(request.args.get("after"), about=about)
    part = after is not None or sift.asked()

    def work() -> dict[str, Any]:
        view = jars.read(person, jar_id, at=at)
        rows, position = histories.page(person.id, which, limit=MOVEMENTS_ON_A_PAGE, after=after)
        return {
            "view": view,
            "auto": auto_deposits.read(person, view, at=at),
            "lamps": [] if part else calendar.recent(view),
            "chart": None if part else chart(balances.over_time(view), view),
            "rows": rows,
            "older": cursors.encode(position, about=about),
            "picture": None if part else jar_pictures.held(person, jar_id),
        }

    seen = run(work)
    return render_template(
        "savings/jar.html",
        person=person,
        later_page=part,
        pace_needed=pace_needed,
        steps=CloseForm(),
        sift=sift,
        moves={} if part else movements.to_begin(seen["view"]),
        **seen,
    ), status


@blueprint.route("/jars/<uuid:jar_id>/edit", methods=["GET", "POST"])
@page_access("saver")
def edit_jar(jar_id: UUID) -> Page:
    """Change a jar."""
    person, at = caller(), clock.now()
    view = run(lambda: jars.read(person, jar_id, at=at))
    if view.jar.status == "closed":
        return _to(jar_id)
    form, status = JarChangeForm(obj=view.jar), 200
    if _has_moved(view):
        del form.installment_amount
    if form.is_submitted():
        status = 422
        if form.validate():
            values = {name: value for name, value in form.data.items() if name != "csrf_token"}
            try:
                run(lambda: jars.change(person, jar_id, values, at=at))
                say("success", SAID, "jar_changed")
                return _to(jar_id)
            except NotFound:
                raise
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("savings/edit_jar.html", form=form, view=view), status


@blueprint.route("/jars/<uuid:jar_id>/close", methods=["GET", "POST"])
@page_access("saver")
def close_jar(jar_id: UUID) -> Page:
    """Close an empty jar, after asking."""
    person, at = caller(), clock.now()
    view = run(lambda: jars.read(person, jar_id, at=at))
    form, status = CloseForm(), 200
    if form.is_submitted():
        try:
            run(lambda: jars.close(person, jar_id, at=at))
            done = undo.offer("close", jar=str(jar_id)) if view.jar.status != "closed" else "success"
            say(done, SAID, "jar_closed", view.jar.name)
            return redirect(url_for("web_savings.list_jars"), 303)
        except NotFound:
            raise
        except DomainError as refusal:
            status = refusals.bind(form, refusal)
    return render_template("savings/close_jar.html", form=form, view=view), status


@blueprint.route("/jars/<uuid:jar_id>/pause", methods=["GET", "POST"])
@page_access("saver")
def pause_jar(jar_id: UUID) -> Page:
    """Pause a jar, or move the end of its pause."""
    person, at = caller(), clock.now()
    view = run(lambda: jars.read(person, jar_id, at=at))
    if view.jar.status != "active" or view.jar.plan_type == "flexible":
        return _to(jar_id)
    now = view.jar.pause_on(view.today)
    form, status = PauseForm(data={"until": now or view.today + timedelta(days=6)}), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            until = form.until.data
            assert until is not None  # the form asks for it
            try:
                run(lambda: pauses.pause(person, jar_id, until=until, at=at))
                say(_as_before(jar_id, now), SAID, "jar_paused", view.jar.name)
                return _to(jar_id)
            except NotFound:
                raise
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template("savings/pause_jar.html", form=form, view=view, paused_until=now, resume=CloseForm()), status


@blueprint.post("/jars/<uuid:jar_id>/resume")
@page_access("saver")
def resume_jar(jar_id: UUID) -> Redirect:
    """End a jar's pause."""
    person, at = caller(), clock.now()

    def work() -> tuple[date | None, JarView]:
        before = jars.read(person, jar_id, at=at)
        return before.jar.pause_on(before.today), pauses.resume(person, jar_id, at=at)

    until, view = run(work)
    say(_as_before(jar_id, until) if until else "success", SAID, "jar_resumed", view.jar.name)
    return _to(jar_id)


def _first(views: list[JarView], suggested: JarView | None) -> list[JarView]:
    """The jars of the home: the one whose deposit is suggested, then in their order, and what is full last."""
    return sorted(views, key=lambda view: (view is not suggested, view.jar.status == "completed"))[:JARS_AT_HOME]


def _as_before(jar_id: UUID, until: date | None) -> str:
    """A message that offers the jar's pause as it was: to ``until``, or none."""
    return undo.offer("pause", jar=str(jar_id), until=until and until.isoformat())


def _has_moved(view: JarView) -> bool:
    return view.jar.current_amount > 0 or view.jar.streak_period is not None


def _to(jar_id: UUID) -> Redirect:
    return redirect(url_for("web_savings.jar", jar_id=jar_id), 303)
