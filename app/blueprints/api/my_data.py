"""What a saver may do with what is held about them: have it, erase it, say what it is used for; and the nominee."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app

from app import clock
from app.blueprints.api import problems
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.my_data import (
    ConsentsSchema,
    ErasureSchema,
    NewNomineeSchema,
    NomineeAnswerSchema,
    StandingsSchema,
)
from app.blueprints.documents import own_data
from app.errors import Invalid
from app.extensions import limiter
from app.services.identity import consents, nominees
from app.services.ops.privacy import erasure, export
from app.transactions import run

blueprint = ApiBlueprint("my_data", __name__, url_prefix="/api", description="One's own data")
_PROBLEM = {"content": {problems.PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_EXPORT = {
    200: {
        "description": "One object with `format`, `made_at`, `currency` and a member for each kind of thing that is"
        " held: `profile`, `jars`, `movements` with notes, `notices`, `sign_ins`, `requests`, `consents` and so on."
        " Amounts are decimal strings. Members are added over time.",
        "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}},
    },
    429: {"description": "Too many exports within an hour.", **_PROBLEM},
}
_ERASURE = {
    401: {"description": "That is not the password (`invalid_credentials`).", **_PROBLEM},
    409: {
        "description": "Something is open: `money_left` in a jar, `money_owed` after a reversal, `loan_open`,"
        " `deposit_under_way`; or it is a `staff_account`. Nothing was changed.",
        **_PROBLEM,
    },
}
# What the contract calls these.
_NAMES = {"born_on": "date_of_birth"}


def _self() -> str:
    return str(caller().id)


@blueprint.route("/profile/export/", methods=["GET"])
@access("saver")
@limiter.limit(lambda: current_app.config["RATELIMIT_EXPORT"], key_func=_self)
@blueprint.doc(responses=_EXPORT)
def export_everything() -> Response:
    """Everything that is held about the saver, as JSON: all but secrets and what is somebody else's."""
    person = caller()
    return own_data.answer(export.export(person.id, person.role, at=clock.now()), at=clock.now())


@blueprint.route("/profile/", methods=["DELETE"])
@access("saver")
@limiter.limit(lambda: current_app.config["RATELIMIT_ERASURE"], key_func=_self)
@blueprint.arguments(ErasureSchema())
@blueprint.response(204)
@blueprint.doc(responses=_ERASURE)
def erase_account(values: dict[str, Any]) -> None:
    """Erase everything personal, for good. The ledger stays under a pseudonym, every sign-in ends."""
    run(lambda: erasure.erase(caller(), values["password"], at=clock.now()))


@blueprint.route("/profile/consents/", methods=["GET"])
@access("saver")
@blueprint.response(200, StandingsSchema)
def read_consents() -> dict[str, Any]:
    """What the saver agreed to, and what is asked: terms, privacy notice, and the choices, which begin as no."""
    return {"items": run(lambda: consents.standing(caller().id, at=clock.now()))}


@blueprint.route("/profile/consents/", methods=["PUT"])
@access("saver")
@blueprint.arguments(ConsentsSchema())
@blueprint.response(200, StandingsSchema)
def say_consents(values: dict[str, Any]) -> dict[str, Any]:
    """Agree to the version of a text that counts now, or say yes or no to a choice. What is left out stays."""
    person, at = caller(), clock.now()
    run(lambda: consents.say(person.id, values, how=consents.API, at=at, actor=person.role))
    return {"items": run(lambda: consents.standing(person.id, at=at))}


@blueprint.route("/profile/nominee/", methods=["GET"])
@access("saver")
@blueprint.response(200, NomineeAnswerSchema)
def read_nominee() -> dict[str, Any]:
    """Whom the saver named to receive the savings after them. 404 where nobody is named."""
    return {"nominee": run(lambda: nominees.read(caller().id))}


@blueprint.route("/profile/nominee/", methods=["PUT"])
@access("saver")
@blueprint.arguments(NewNomineeSchema())
@blueprint.response(200, NomineeAnswerSchema)
def name_nominee(values: dict[str, Any]) -> dict[str, Any]:
    """Name a person, in place of whoever was named before."""
    try:
        return {"nominee": run(lambda: nominees.name(caller(), values, at=clock.now()))}
    except Invalid as invalid:
        raise Invalid({_NAMES.get(name, name): said for name, said in invalid.errors.items()}) from invalid


@blueprint.route("/profile/nominee/", methods=["DELETE"])
@access("saver")
@blueprint.response(204)
def remove_nominee() -> None:
    """Take the nominee back."""
    run(lambda: nominees.remove(caller(), at=clock.now()))
