"""Asking staff for help, and what they answered."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints import cursors
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access
from app.blueprints.web.forms.support import AgainForm, SupportForm
from app.errors import DomainError, NotFound
from app.extensions import limiter
from app.services.ops import support_requests
from app.services.ops.support_requests import About
from app.transactions import run

blueprint = Blueprint("web_support", __name__)
REQUESTS_ON_A_PAGE = 20
Page = str | tuple[str, int] | Redirect


@blueprint.get("/support")
@page_access("saver", agreed=False)
def requests() -> str:
    """The saver's own requests, with their answers."""
    person, about = caller(), f"web:support:{caller().id}"
    after = cursors.decode(request.args.get("after"), about=about)
    rows, position = run(lambda: support_requests.page(person.id, limit=REQUESTS_ON_A_PAGE, after=after))
    return render_template(
        "support/requests.html",
        person=person,
        today=person.zone.date(clock.now()),
        rows=rows,
        later_page=after is not None,
        older=cursors.encode(position, about=about),
        officer=support_requests.officer(),
    )


@blueprint.route("/support/new", methods=["GET", "POST"])
@page_access("saver", agreed=False)
@limiter.limit(lambda: current_app.config["RATELIMIT_SUPPORT"], key_func=lambda: str(caller().id), methods=["POST"])
def ask() -> Page:
    """Ask for something to be looked at. The address says what it is about."""
    about, person = _about(), caller()
    subjects = {"score": gettext("My score"), "transaction": gettext("A movement in my jar")}
    begun = {"subject": subjects[about.kind]} if about and about.kind in subjects else {}
    form, status = SupportForm(data=begun), 200
    if form.is_submitted():
        status = 422
        if form.validate():
            subject, text = form.subject.data or "", form.text.data or ""
            try:
                asked = run(
                    lambda: support_requests.ask(person, subject=subject, text=text, about=about, at=clock.now())
                )
                return redirect(url_for("web_support.read", request_id=asked.id), 303)
            except NotFound:
                raise
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    seen = run(lambda: support_requests.what_is_shown(person.id, about)) if about else None
    return render_template(
        "support/ask.html",
        form=form,
        about=about,
        seen=seen,
        today=person.zone.date(clock.now()),
        days=current_app.config["SUPPORT_ANSWER_DAYS"],
        officer=support_requests.officer(),
    ), status


@blueprint.get("/support/<uuid:request_id>")
@page_access("saver", agreed=False)
def read(request_id: UUID) -> str:
    """One request: its reference, the day of its answer, and the answer."""
    person = caller()
    asked = run(lambda: support_requests.read(person.id, request_id))
    return render_template(
        "support/request.html",
        person=person,
        today=person.zone.date(clock.now()),
        asked=asked,
        officer=support_requests.officer(),
    )


@blueprint.route("/support/<uuid:request_id>/again", methods=["GET", "POST"])
@page_access("saver", agreed=False)
@limiter.limit(lambda: current_app.config["RATELIMIT_SUPPORT"], key_func=lambda: str(caller().id), methods=["POST"])
def ask_again(request_id: UUID) -> Page:
    """Say that an answer is not good enough; another person looks at it."""
    person, form, status = caller(), AgainForm(), 200
    asked = run(lambda: support_requests.read(person.id, request_id))
    if not asked.can_appeal:
        return redirect(url_for("web_support.read", request_id=asked.appeal or asked.id), 303)
    if form.is_submitted():
        status = 422
        if form.validate():
            text = form.text.data or ""
            try:
                made = run(lambda: support_requests.ask_again(person, request_id, text, at=clock.now()))
                return redirect(url_for("web_support.read", request_id=made.id), 303)
            except NotFound:
                raise
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    return render_template(
        "support/again.html",
        form=form,
        asked=asked,
        days=current_app.config["SUPPORT_ANSWER_DAYS"],
        officer=support_requests.officer(),
    ), status


def _about() -> About | None:
    """What the address names. Aborts with 404 where it names nothing that there is."""
    kind, id_ = request.args.get("about"), request.args.get("id")
    if kind is None:
        return None
    try:
        about = About(kind, UUID(id_) if id_ else None)
    except ValueError:
        abort(404)
    if kind not in support_requests.ABOUT or (kind == "score") != (about.id is None):
        abort(404)
    return about
