"""The first page, for whoever comes by."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as Redirect

from app.blueprints.web.access import page_access

blueprint = Blueprint("web_landing", __name__)


@blueprint.get("/")
@page_access("public")
def landing() -> Response | Redirect:
    """What Chhota is; a signed-in saver goes home."""
    if current_user.is_authenticated:
        return redirect(url_for("web_savings.dashboard"), 303)
    response = make_response(render_template("landing.html"))
    response.headers["Cache-Control"] = "no-cache"  # nothing personal in it, and "back" is quick
    return response
