"""Where one is signed in. (Devices that take push are /api/devices/.)"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import clock
from app.blueprints import cursors
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.savings import PageQuerySchema
from app.blueprints.api.schemas.security import ConfirmSchema, SignInListSchema
from app.services.identity import entering, sign_ins, slowing
from app.transactions import run

blueprint = ApiBlueprint("sign_ins", __name__, url_prefix="/api/sign-ins", description="Where one is signed in")


@blueprint.route("/", methods=["GET"])
@access("saver")
@blueprint.arguments(PageQuerySchema(), location="query")
@blueprint.response(200, SignInListSchema)
def list_sign_ins(query: dict[str, Any]) -> dict[str, Any]:
    """The sign-ins that stand, this one first, then by their last use."""
    person = caller()
    about = f"sign-ins:{person.id}"
    after = cursors.decode(query.get("cursor"), about=about)
    items, position = run(lambda: sign_ins.page(person.id, person.family_id, limit=query["limit"], after=after))
    return {"items": items, "next_cursor": cursors.encode(position, about=about)}


@blueprint.route("/", methods=["DELETE"])
@access("saver")
@blueprint.response(204)
def end_other_sign_ins() -> None:
    """Sign out everywhere but here."""
    person = caller()
    run(lambda: sign_ins.end_others(person.id, person.family_id))


@blueprint.route("/<uuid:sign_in_id>/", methods=["DELETE"])
@access("saver")
@blueprint.response(204)
def end_sign_in(sign_in_id: UUID) -> None:
    """Sign out there."""
    run(lambda: sign_ins.end(caller().id, sign_in_id))


@blueprint.route("/confirm/", methods=["POST"])
@access("saver")
@blueprint.arguments(ConfirmSchema())
@blueprint.response(204)
def confirm_sign_in(values: dict[str, Any]) -> None:
    """Show again who one is: what asks for a fresh sign-in can be done for 15 minutes."""
    person = caller()
    with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
        run(
            lambda: entering.confirm(person.id, person.family_id, values["password"], values.get("otp"), at=clock.now())
        )
