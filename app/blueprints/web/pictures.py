"""The saver's photo and the pictures of jars: sent, taken away, and shown by this program itself.

A link to the store would be another address than ours, which no page may load from; and who may see a picture is asked
each time this way. A browser may keep one, and asks before it shows it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.uploads import takes_file
from app.blueprints.web import refusals
from app.blueprints.web.access import caller, page_access, say
from app.blueprints.web.forms.uploads import FileForm
from app.blueprints.web.papers import ROOM
from app.errors import DomainError, NotFound, Unavailable
from app.extensions import limiter
from app.services.identity import photos
from app.services.savings import jar_pictures, jars
from app.transactions import run

blueprint = Blueprint("web_pictures", __name__)
SAID = "identity/said.html"
limit = limiter.shared_limit(
    lambda: current_app.config["RATELIMIT_UPLOAD"],
    scope="pictures",
    key_func=lambda: str(caller().id),
    exempt_when=lambda: request.method != "POST",
)


@blueprint.route("/profile/photo", methods=["GET", "POST"])
@page_access("saver")
@takes_file(times=ROOM)
@limit
def photo() -> Response | Redirect:
    """The saver's photo: see it, send another."""
    person = caller()
    held = run(lambda: photos.held(person.id))
    shown: dict[str, Any] = {"jar": None, "held": held, "remove": url_for(".remove_photo")}
    shown |= {"image": url_for(".photo_image", v=held.tag) if held else None, "back": url_for("web_identity.profile")}
    return _page(lambda sent: photos.send(person, sent, at=clock.now()), "photo_kept", shown)


@blueprint.post("/profile/photo/remove")
@page_access("saver")
def remove_photo() -> Redirect:
    """Take the photo away."""
    person = caller()
    if run(lambda: photos.remove(person.id, at=clock.now())):
        say("success", SAID, "picture_removed")
    return redirect(url_for("web_identity.profile"), 303)


@blueprint.get("/profile/photo.jpg")
@page_access("saver")
def photo_image() -> Response:
    """The saver's photo itself."""
    return _image(run(lambda: photos.held(caller().id)))


@blueprint.route("/jars/<uuid:jar_id>/picture", methods=["GET", "POST"])
@page_access("saver")
@takes_file(times=ROOM)
@limit
def picture(jar_id: UUID) -> Response | Redirect:
    """The picture of what a jar is for: see it, send another."""
    person, at = caller(), clock.now()
    view = run(lambda: jars.read(person, jar_id, at=at))
    if view.jar.status == "closed":
        return redirect(url_for("web_savings.jar", jar_id=jar_id), 303)
    held = run(lambda: jar_pictures.held(person, jar_id))
    shown: dict[str, Any] = {"jar": view.jar, "held": held, "remove": url_for(".remove_picture", jar_id=jar_id)}
    shown |= {
        "image": url_for(".picture_image", jar_id=jar_id, v=held.tag) if held else None,
        "back": url_for("web_savings.jar", jar_id=jar_id),
    }
    return _page(lambda sent: jar_pictures.send(person, jar_id, sent, at=at), "picture_kept", shown)


@blueprint.post("/jars/<uuid:jar_id>/picture/remove")
@page_access("saver")
def remove_picture(jar_id: UUID) -> Redirect:
    """Take the jar's picture away."""
    person = caller()
    if run(lambda: jar_pictures.remove(person, jar_id, at=clock.now())):
        say("success", SAID, "picture_removed")
    return redirect(url_for("web_savings.jar", jar_id=jar_id), 303)


@blueprint.get("/jars/<uuid:jar_id>/picture.jpg")
@page_access("saver")
def picture_image(jar_id: UUID) -> Response:
    """The jar's picture itself."""
    return _image(run(lambda: jar_pictures.held(caller(), jar_id)))


def _page(send: Callable[[bytes | None], object], said: str, shown: dict[str, Any]) -> Response | Redirect:
    form, status, wait = FileForm(), 200, None
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                send(form.sent())
                say("success", SAID, said)
                return redirect(shown["back"], 303)
            except NotFound:
                raise
            except DomainError as refusal:
                status = refusals.bind(form, refusal)
                wait = refusal.retry_after if isinstance(refusal, Unavailable) else None
    most = current_app.config["UPLOAD_MAX_BYTES"] >> 20
    answer = make_response(render_template("identity/picture.html", form=form, most=most, **shown), status)
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _image(held: photos.Held | None) -> Response:
    if held is None:
        abort(404)
    if held.tag in request.if_none_match:
        answer = Response(status=304)
    else:
        answer = Response(photos.content(held), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(held.tag)
    return answer
