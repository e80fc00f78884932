"""Signing in by a provider: the way there and back, and what opens an account, on a page of its own.

The way there is a link and no form: a form that ends at another site is what our own policy forbids. Whoever sends
somebody along it from elsewhere gains nothing: what came back is linked by a form of ours alone.
"""

from __future__ import annotations

from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.api.problems import STATUS
from app.blueprints.web import arrivals, half_way, kept
from app.blueprints.web.access import begin, caller, local_path, page_access, say
from app.blueprints.web.arrivals import Going, Why
from app.blueprints.web.forms.security import BareForm
from app.blueprints.web.navigation import home
from app.blueprints.web.opening import open_browser
from app.errors import DomainError, Unavailable
from app.extensions import limiter
from app.services.identity import entering, external, password_change, profile
from app.services.identity import sign_in as sign_ins
from app.services.identity.principal import FRESH, Principal
from app.transactions import run

blueprint = Blueprint("web_external", __name__)
SAID = "identity/external_said.html"
LONGEST = 2048
Page = str | tuple[str, int] | Redirect | Response
limit = limiter.shared_limit(lambda: current_app.config["RATELIMIT_LOGIN"], scope="providers")


@blueprint.get("/login/with/<name>")
@page_access("public")
@limit
def start(name: str) -> Page:
    """Go to the provider; whoever is signed in shows there once more who they are."""
    signed_in = current_user.is_authenticated
    return _go(name, "again" if signed_in else "sign_in")


@blueprint.get("/profile/ways/with/<name>")
@page_access("saver", fresh_within=FRESH)
@limit
def link(name: str) -> Page:
    """Go to the provider, and come back with an account there that shall open this one."""
    return _go(name, "link")


@blueprint.get("/login/with/<name>/back")
@page_access("public")
@limit
def back(name: str) -> Page:
    """Come back from the provider."""
    label = _label(name)
    going = arrivals.came_back(name, request.args.get("state", "")[:LONGEST])
    if going is None:
        return _stop(name, external.refused())
    if request.args.get("error"):
        say("info", SAID, "cancelled", label)
        return redirect(_from_where(going), 303)
    person: Principal | None = caller() if current_user.is_authenticated else None
    if going.why == "sign_in" and person is not None:
        return _home(going)
    if (person.id if person else None) != going.user_id:
        return _stop(name, external.refused())
    code = request.args.get("code", "")[:LONGEST]
    try:
        if not code:
            raise external.refused()
        identity = external.finish(name, going.begun, code, _redirect_uri(name))
        if going.why == "link":
            arrivals.keep(identity, label, "link", caller().id)
            return redirect(url_for(".confirm_link"), 303)
        return _enter(name, label, going, identity, person)
    except DomainError as refusal:
        return _stop(name, refusal)


@blueprint.get("/profile/ways")
@page_access("saver")
def ways() -> str:
    """What opens the account, and what else could."""
    offered = _some_offered()
    person = caller()
    found, has_password = run(lambda: (external.links(person.id), password_change.has_one(person.id)))
    others = {name: label for name, label in offered.items() if name not in {one.provider for one in found}}
    last = not has_password and sum(one.provider is not None for one in found) < 2
    return render_template(
        "identity/ways.html", links=found, others=others, has_password=has_password, last=last,
        today=person.today(clock.now()), day_of=person.zone.date,
    )  # fmt: skip


@blueprint.route("/profile/ways/link", methods=["GET", "POST"])
@page_access("saver", fresh_within=FRESH)
def confirm_link() -> Page:
    """Say yes to what has come back: only then it opens the account."""
    _some_offered()
    person, form = caller(), BareForm()
    arrived = arrivals.kept("link", person.id)
    if arrived is None:
        return redirect(url_for(".ways"), 303)
    if form.is_submitted() and form.validate():
        arrivals.forget()
        try:
            run(lambda: external.linked(person.id, arrived.identity, at=clock.now()))
            say("success", SAID, "linked", arrived.label)
        except DomainError as refusal:
            say("info", SAID, "not_linked", refusal.code, arrived.label)
        return redirect(url_for(".ways"), 303)
    return render_template("identity/confirm_link.html", form=form, arrived=arrived, email=person.email)


@blueprint.post("/profile/ways/<uuid:link_id>/remove")
@page_access("saver", fresh_within=FRESH)
def unlink(link_id: UUID) -> Page:
    """Take a provider's account away from this one."""
    _some_offered()
    person = caller()
    try:
        run(lambda: external.unlink(person.id, link_id, at=clock.now()))
        say("success", SAID, "unlinked")
    except DomainError as refusal:
        if refusal.code != "last_way_in":
            raise
        say("info", SAID, "last_way_in")
    return redirect(url_for(".ways"), 303)


def _go(name: str, why: Why) -> Page:
    _label(name)
    person = caller().id if current_user.is_authenticated else None
    try:
        begun = external.begin(name, _redirect_uri(name), anew=why == "again")
    except DomainError as refusal:
        return _stop(name, refusal)
    arrivals.set_out(name, Going(begun, why, person, local_path(request.args.get("next"))))
    return redirect(begun.url, 303)


def _enter(name: str, label: str, going: Going, identity: external.Identity, person: Principal | None) -> Page:
    """Sign in whoever this is; a code, a new account or a word about why not may come before."""
    at = clock.now()

    def work() -> Principal | entering.HalfWay | external.Nobody:
        found = external.sign_in(identity, at=at)
        user_id = found.user_id if isinstance(found, entering.HalfWay) else found
        if person is not None:
            if user_id != person.id:
                raise external.refused()
            sign_ins.sign_out([person.family_id])
        return open_browser(found) if isinstance(found, UUID) else found

    found = run(work)
    if isinstance(found, external.Nobody):
        arrivals.keep(identity, label, "sign_up")
        return redirect(url_for("web_identity.sign_up", next=going.back), 303)
    if isinstance(found, entering.HalfWay):
        user_id = found.user_id
        typed = kept.carry_over(user_id)
        session.clear()
        session.update(typed)
        half_way.keep(found, {"email": run(lambda: profile.read(user_id)).email})
        arrivals.keep(identity, label, "code", user_id)
        return redirect(url_for("web_identity.log_in_code", next=going.back), 303)
    begin(found)
    return _home(going)


def _stop(name: str, refusal: DomainError) -> Response:
    """A page that says what happened and what can be done instead."""
    status = STATUS.get(refusal.code, 409)
    answer = make_response(
        render_template("identity/external_stop.html", code=refusal.code, name=name, label=_label(name)), status
    )
    # The address holds a code that was for us alone.
    answer.headers["Referrer-Policy"] = "no-referrer"
    if isinstance(refusal, Unavailable):
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def _label(name: str) -> str:
    return external.offered().get(name) or abort(404)


def _some_offered() -> dict[str, str]:
    return external.offered() or abort(404)


def _redirect_uri(name: str) -> str:
    # What the provider was told once: never the host that a request names.
    return current_app.config["PUBLIC_URL"].rstrip("/") + url_for(".back", name=name)


def _from_where(going: Going) -> str:
    where = {"sign_in": "web_identity.log_in", "link": ".ways", "again": "web_security.confirm"}[going.why]
    return url_for(where, next=None if going.why == "link" else going.back)


def _home(going: Going) -> Redirect:
    return redirect(going.back or home(), 303)
