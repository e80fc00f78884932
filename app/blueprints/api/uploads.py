"""Identity papers, the saver's photo, and pictures of jars."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app

from app import clock
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.uploads import (
    FileSchema,
    KycStandingSchema,
    PaperFileSchema,
    PhotoAnswerSchema,
    PictureAnswerSchema,
    SentPaperAnswerSchema,
)
from app.blueprints.uploads import takes_file
from app.extensions import limiter
from app.services.identity import photos
from app.services.identity.kyc import papers
from app.services.savings import jar_pictures
from app.transactions import run

blueprint = ApiBlueprint("uploads", __name__, url_prefix="/api", description="Identity papers and pictures")
upload_limit = limiter.shared_limit(
    lambda: current_app.config["RATELIMIT_UPLOAD"], scope="uploads", key_func=lambda: str(caller().id)
)


@blueprint.route("/kyc-upload/", methods=["POST"])
@access("saver")
@upload_limit
@takes_file()
@blueprint.arguments(PaperFileSchema(), location="multipart")
@blueprint.response(201, SentPaperAnswerSchema)
def send_paper(values: dict[str, Any]) -> dict[str, Any]:
    """Send an identity paper: a JPEG, PNG or PDF of at most 5 MiB, judged by its content, not by its name."""
    paper = papers.send(
        caller(),
        document_type=values["document_type"],
        number=values["document_number"],
        sent=values["file"],
        at=clock.now(),
    )
    return {"kyc": paper}


@blueprint.route("/kyc/", methods=["GET"])
@access("saver")
@blueprint.response(200, KycStandingSchema)
def read_standing() -> papers.Standing:
    """Where the saver stands, and their papers with what came of each."""
    return run(lambda: papers.standing(caller()))


@blueprint.route("/profile/photo/", methods=["GET"])
@access("saver")
@blueprint.response(200, PhotoAnswerSchema)
def read_photo() -> dict[str, Any]:
    """An address of the saver's photo, good for a minute; 404 where there is none."""
    return {"photo": photos.link(run(lambda: photos.held(caller().id)))}


@blueprint.route("/profile/photo/", methods=["PUT"])
@access("saver")
@upload_limit
@takes_file()
@blueprint.arguments(FileSchema(), location="multipart")
@blueprint.response(200, PhotoAnswerSchema)
def put_photo(files: dict[str, bytes]) -> dict[str, Any]:
    """Have this be the saver's photo: a JPEG or PNG, of which the middle square is kept."""
    return {"photo": photos.link(photos.send(caller(), files["file"], at=clock.now()))}


@blueprint.route("/profile/photo/", methods=["DELETE"])
@access("saver")
@blueprint.response(204)
def delete_photo() -> None:
    """Take the photo away, where there is one."""
    run(lambda: photos.remove(caller().id, at=clock.now()))


@blueprint.route("/jars/<uuid:jar_id>/picture/", methods=["GET"])
@access("saver")
@blueprint.response(200, PictureAnswerSchema)
def read_picture(jar_id: UUID) -> dict[str, Any]:
    """An address of the jar's picture, good for a minute; 404 where there is none."""
    return {"picture": jar_pictures.link(run(lambda: jar_pictures.held(caller(), jar_id)))}


@blueprint.route("/jars/<uuid:jar_id>/picture/", methods=["PUT"])
@access("saver")
@upload_limit
@takes_file()
@blueprint.arguments(FileSchema(), location="multipart")
@blueprint.response(200, PictureAnswerSchema)
def put_picture(files: dict[str, bytes], jar_id: UUID) -> dict[str, Any]:
    """Have this be the jar's picture: a JPEG or PNG."""
    return {"picture": jar_pictures.link(jar_pictures.send(caller(), jar_id, files["file"], at=clock.now()))}


@blueprint.route("/jars/<uuid:jar_id>/picture/", methods=["DELETE"])
@access("saver")
@blueprint.response(204)
def delete_picture(jar_id: UUID) -> None:
    """Take the jar's picture away, where there is one."""
    run(lambda: jar_pictures.remove(caller(), jar_id, at=clock.now()))
