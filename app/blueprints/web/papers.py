"""A saver's identity papers: why, which, and what came of them."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.uploads import takes_file
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.uploads import PaperForm
from app.errors import DomainError, Unavailable
from app.extensions import limiter
from app.services.identity.kyc import papers as identity_papers
from app.transactions import run

blueprint = Blueprint("web_papers", __name__)
#: A page says beside its own form that a file is too large, up to so many times that size.
ROOM = 4


@blueprint.route("/profile/papers", methods=["GET", "POST"])
@page_access("saver")
@takes_file(times=ROOM)
@limiter.limit(lambda: current_app.config["RATELIMIT_UPLOAD"], key_func=lambda: str(caller().id), methods=["POST"])
def papers() -> Response | Redirect:
    """See one's papers, and send one."""
    person, at = caller(), clock.now()
    form, status, wait = PaperForm(), 200, None
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                identity_papers.send(
                    person,
                    document_type=form.document_type.data or "",
                    number=form.document_number.data,
                    sent=form.sent(),
                    at=at,
                )
                say("success", "identity/said.html", "paper_sent")
                return redirect(url_for("web_papers.papers"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
                wait = refusal.retry_after if isinstance(refusal, Unavailable) else None
    shown = render_template(
        "identity/papers.html",
        form=form,
        standing=run(lambda: identity_papers.standing(person)),
        person=person,
        today=person.zone.date(at),
        held_cap=current_app.config["UNVERIFIED_HELD_CAP_MINOR"],
        withdrawal_cap=current_app.config["UNVERIFIED_WITHDRAWAL_CAP_MINOR"],
        days=current_app.config["KYC_REVIEW_DAYS"],
        most=current_app.config["UPLOAD_MAX_BYTES"] >> 20,
    )
    answer = make_response(shown, status)
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer
