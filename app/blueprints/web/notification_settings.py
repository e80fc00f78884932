"""What reaches a saver where, and when not; and the way out that stands in every letter."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app.blueprints.languages import use
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.notifications import ChoicesForm
from app.errors import DomainError, NotFound
from app.extensions import csrf
from app.services.notifications import preferences, sending
from app.services.notifications.deliveries import CHOICE
from app.services.notifications.preferences import Preferences
from app.transactions import run

blueprint = Blueprint("web_notification_settings", __name__)
Page = str | tuple[str, int] | Redirect


@blueprint.route("/profile/notifications", methods=["GET", "POST"])
@page_access("saver")
def choices() -> Page:
    """Read and change what reaches one, by kind and channel, and the quiet hours."""
    person = caller()
    held = run(lambda: preferences.read(person.id))
    form, status = ChoicesForm(obj=held), 200
    switches = held.kinds
    if form.is_submitted():
        status = 422
        switches = _switched(held)
        if form.validate():
            said = {
                kind: {choice: on for choice, on in chosen.items() if on != held.kinds[kind][choice]}
                for kind, chosen in switches.items()
            }
            quiet = (form.quiet_from.data, form.quiet_until.data)
            try:
                run(lambda: preferences.choose(person.id, {k: v for k, v in said.items() if v}, quiet=quiet))
                say("success", "identity/said.html", "choices_changed")
                return redirect(url_for(".choices"), 303)
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
    missing = set(preferences.CHOICES) - {CHOICE[channel] for channel in sending.set_up()}
    shown: dict[str, Any] = {"form": form, "switches": switches, "offered": preferences.offered(), "missing": missing}
    return render_template("identity/notification_settings.html", **shown), status


def _switched(held: Preferences) -> dict[str, dict[str, bool]]:
    """What the switches say; what the page does not offer stays as it is."""
    on = set(request.form.getlist("on"))
    return {
        kind: {
            choice: f"{kind}.{choice}" in on if choice in preferences.offered()[kind] else now
            for choice, now in chosen.items()
        }
        for kind, chosen in held.kinds.items()
    }


@blueprint.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt  # the signed link is the authority, and mail programs post it by themselves (RFC 8058)
@page_access("public")
def unsubscribe(token: str) -> Page:
    """Ask whether letters of a kind shall end; a POST ends them. Works signed out, as often as it is sent."""
    try:
        user_id, kind = preferences.read_unsubscribe_token(token)
        if request.method == "POST":
            run(lambda: preferences.unsubscribe(user_id, kind))
        held = run(lambda: preferences.read(user_id))
    except NotFound:
        return render_template("identity/unsubscribe.html", kind=None, own_language=True), 400
    use(held.language)  # that of the letter
    done = not held.kinds.get(kind, {}).get("email", False)
    return render_template("identity/unsubscribe.html", kind=kind, done=done, own_language=True)
