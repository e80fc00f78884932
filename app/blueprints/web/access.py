"""Who may open a page, and the browser session: begun at sign-in, ended at sign-out, checked at every click."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Literal, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, abort, current_app, flash, get_template_attribute, redirect, request, session, url_for
from flask_login import current_user, login_user
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.access import Role, obstacle
from app.blueprints.languages import use
from app.blueprints.web import kept
from app.extensions import login
from app.observability import bind_user
from app.services.identity import consents
from app.services.identity.browser_sessions import keep_open, owner_of
from app.services.identity.principal import Principal, principal
from app.transactions import run

PageAccess = Literal["public"] | Role
View = TypeVar("View", bound=Callable[..., Any])
# A path of our own: one slash, then visible ASCII. "//host" and "/\host" lead elsewhere, and browsers drop tabs.
LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")
KEPT_ON = "kept_on"
PUT_OFF = "put_off"

# The sign-in's row decides at each click; a changed network address, as phones have all day, says nothing.
login.session_protection = None


def page_access(
    level: PageAccess,
    *,
    fresh_within: timedelta | None = None,
    without_two_factor: bool = False,
    agreed: bool = True,
) -> Callable[[View], View]:
    """Declare who may open the page: anyone, or a signed-in person with the role. Others are led to the sign-in.

    ``fresh_within``: whoever showed longer ago who they are is asked again first, and then led back. Staff who have not
    set up two factors are led there from every page but those ``without_two_factor``. Whoever has yet to agree to a new
    version of the terms is asked before the page, once in each session; not where ``agreed`` is False.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if level != "public":
                instead = turned_away(level, fresh_within=fresh_within, without_two_factor=without_two_factor)
                if instead is not None:
                    return instead
                if agreed and request.method == "GET" and undecided():
                    back = local_path(request.full_path)
                    return redirect(url_for("web_policies.agree", next=back), 303)
            return view(*args, **kwargs)

        guarded.access = level  # type: ignore[attr-defined]
        guarded.fresh_within = fresh_within  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def turned_away(
    level: Role,
    *,
    fresh_within: timedelta | None = None,
    without_two_factor: bool = False,
    staff_only: bool = False,
) -> Redirect | Response | None:
    """What is answered instead of a page that asks for ``level``; None where the person may have it.

    ``staff_only``: to everybody else who is signed in there is no such page (404).
    """
    if not current_user.is_authenticated:
        return cast("Response", login.unauthorized())
    needed = caller().is_staff and not without_two_factor
    before = obstacle(caller(), level, two_factor=needed, fresh_within=fresh_within)
    if before == "role":
        abort(404 if staff_only and not caller().is_staff else 403)
    if before == "two_factor":
        say("info", "identity/said.html", "two_factor_first")
        return redirect(url_for("web_two_factor.set_up"), 303)
    if before == "fresh":
        return ask_again(kept_for_later=not staff_only)
    _keep_session()
    return None


def caller() -> Principal:
    """The signed-in person of this page."""
    return cast("Principal", current_user._get_current_object())


def begin(person: Principal) -> None:
    """Sign the person in on this browser. Whatever the session held before, its form token included, is gone."""
    typed = kept.carry_over(person.id)
    session.clear()
    session.update(typed)
    login_user(person)
    use(person.language, keep=True)
    session.permanent = True
    session[KEPT_ON] = _now()


def undecided() -> list[str]:
    """The texts whose new versions the person of this page has neither agreed to nor put off in this session."""
    person = caller()
    if person.role != "saver":
        return []
    asked = consents.due(person.terms_version, person.privacy_version, at=clock.now())
    return [] if session.get(PUT_OFF) == asked else asked


def put_off() -> None:
    """Do not ask again in this session."""
    session[PUT_OFF] = undecided()


def ask_again(*, kept_for_later: bool = True) -> Redirect:
    """Lead the person to show again who they are, and from there back; what was typed is kept if so asked."""
    if request.method == "POST" and kept_for_later:
        kept.keep(caller().id)
    rule = request.url_rule
    if rule is not None and "GET" in (rule.methods or ()):
        back = local_path(request.full_path)
    else:  # the page on which the button stands
        came = urlsplit(request.referrer or "")
        back = local_path(came.path) if came.netloc == request.host else None
    return redirect(url_for("web_security.confirm", next=back), 303)


def local_path(text: str | None) -> str | None:
    """``text`` if it is a path on this site, else None: a link must not lead anyone away from here."""
    path = (text or "").removesuffix("?")
    return path if LOCAL_PATH.fullmatch(path) else None


def say(category: str, template: str, macro: str, *values: Any) -> None:
    """Flash what ``macro`` of ``template`` says; its words are the template's."""
    flash(get_template_attribute(template, macro)(*values), category)


@login.user_loader
def _load(family: str) -> Principal | None:
    try:
        family_id = UUID(family)
    except ValueError:
        return None
    person = principal(family_id, at_a_page=True)
    if person is not None:
        bind_user(person.id)
    return person


@login.unauthorized_handler
def _sign_in_first() -> Redirect | Response:
    was_signed_in = "_user_id" in session
    typed = kept.carry_over()
    family = session.get("_user_id")
    session.clear()
    session.update(typed)
    if request.method == "POST" and family is not None:
        owner = run(lambda: owner_of(UUID(family)))
        if owner is not None:
            kept.keep(owner)
    say("info", "identity/said.html", "signed_out_elsewhere" if was_signed_in else "sign_in_first")
    rule = request.url_rule
    back = local_path(request.full_path) if rule is not None and "GET" in (rule.methods or ()) else None
    return redirect(url_for("web_identity.log_in", next=back), 303)


def stay() -> None:
    """Let the session of this browser live on from now."""
    run(lambda: keep_open(caller().family_id))
    session[KEPT_ON] = _now()


def session_ends() -> datetime | None:
    """When the session of this browser ends, unless it is used before; None where nobody is signed in."""
    try:
        since = datetime.fromisoformat(session[KEPT_ON])
    except (KeyError, ValueError):
        return None
    return since + timedelta(days=current_app.config["SESSION_DAYS"])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _keep_session() -> None:
    # A session lives on from its last use; once a day is exact enough, and costs no statement on the other clicks.
    if str(session.get(KEPT_ON))[:10] != _now()[:10]:
        stay()
