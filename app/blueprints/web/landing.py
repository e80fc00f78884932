"""The first page, for whoever comes by."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as Redirect

from app.blueprints.languages import LOCALES, use
from app.blueprints.web.access import local_path, page_access
from app.blueprints.web.navigation import home

blueprint = Blueprint("web_landing", __name__)


@blueprint.get("/")
@page_access("public")
def landing() -> Response | Redirect:
    """What Chhota is; a signed-in saver goes home."""
    if current_user.is_authenticated:
        return redirect(home(), 303)
    response = make_response(render_template("landing.html"))
    response.headers["Cache-Control"] = "private, no-cache"  # "back" is quick; its form is this browser's own
    return response


@blueprint.post("/language")
@page_access("public")
def choose_language() -> Redirect:
    """Have this browser's pages in another language until somebody signs in, whose own counts then."""
    chosen = request.form.get("language", "")
    if chosen not in LOCALES:
        abort(400)
    use(chosen, keep=True)
    return redirect(local_path(request.form.get("next")) or url_for(".landing"), 303)
