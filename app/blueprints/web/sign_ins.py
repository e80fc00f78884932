"""Where one is signed in, and signing out there."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response as Redirect

from app.blueprints.web.access import caller, page_access, say
from app.services.identity import sign_ins
from app.transactions import run

blueprint = Blueprint("web_sign_ins", __name__, url_prefix="/profile/sign-ins")
SAID = "identity/security_said.html"


@blueprint.get("")
@page_access("saver")
def overview() -> str:
    """Browsers and apps, this one first."""
    person = caller()
    items = [
        {"sign_in": one, "used": person.zone.date(one.last_used_at), "since": person.zone.date(one.created_at)}
        for one in run(lambda: sign_ins.of(person.id, person.family_id))
    ]
    return render_template("identity/sign_ins.html", items=items, today=person.zone.date(datetime.now(UTC)))


@blueprint.post("/<uuid:sign_in_id>/end")
@page_access("saver")
def end(sign_in_id: UUID) -> Redirect:
    """Sign out there. (Here, the button is the one of the profile.)"""
    run(lambda: sign_ins.end(caller().id, sign_in_id))
    say("success", SAID, "signed_out_there")
    return redirect(url_for(".overview"), 303)


@blueprint.post("/end-others")
@page_access("saver")
def end_others() -> Redirect:
    """Sign out everywhere but here."""
    person = caller()
    count = run(lambda: sign_ins.end_others(person.id, person.family_id))
    say("success", SAID, "signed_out_elsewhere", count)
    return redirect(url_for(".overview"), 303)
