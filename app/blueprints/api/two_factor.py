"""The second factor."""

from __future__ import annotations

from typing import Any

from app import clock
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.security import (
    CodeSchema,
    PasswordAndCodeSchema,
    RecoveryCodesSchema,
    SecretSchema,
    TwoFactorSchema,
)
from app.services.identity import password_change, slowing, two_factor
from app.services.identity.principal import FRESH
from app.transactions import run

blueprint = ApiBlueprint("two_factor", __name__, url_prefix="/api/two-factor", description="Two-factor sign-in")


@blueprint.route("/", methods=["GET"])
@access("saver")
@blueprint.response(200, TwoFactorSchema)
def read_two_factor() -> dict[str, Any]:
    """Whether sign-ins ask for a code, and how many recovery codes are left."""
    person = caller()
    return {"on": person.two_factor, "recovery_codes_left": run(lambda: two_factor.recovery_codes_left(person.id))}


@blueprint.route("/", methods=["POST"])
@access("saver", fresh_within=FRESH)
@blueprint.response(201, SecretSchema)
def begin_two_factor() -> dict[str, str]:
    """A secret for an authenticator app. Nothing changes until a code of the app confirms it."""
    secret, uri = run(lambda: two_factor.begin(caller().id))
    return {"secret": secret, "uri": uri}


@blueprint.route("/confirm/", methods=["POST"])
@access("saver", fresh_within=FRESH)
@blueprint.arguments(CodeSchema())
@blueprint.response(200, RecoveryCodesSchema)
def confirm_two_factor(values: dict[str, Any]) -> dict[str, list[str]]:
    """Switch it on by a code of the app. The answer has the recovery codes, this once."""
    person = caller()
    with slowing.guessing(slowing.at_a_question(person.family_id, "code")):
        return {"recovery_codes": run(lambda: two_factor.confirm(person.id, values["code"], at=clock.now()))}


@blueprint.route("/recovery-codes/", methods=["POST"])
@access("saver")
@blueprint.arguments(PasswordAndCodeSchema())
@blueprint.response(200, RecoveryCodesSchema)
def make_recovery_codes(values: dict[str, Any]) -> dict[str, list[str]]:
    """Ten new recovery codes; those before count no more."""
    person = caller()

    def work() -> list[str]:
        if not password_change.is_password_of(person.id, values["password"]):
            raise password_change.wrong_password()
        return two_factor.new_recovery_codes(person.id, values["otp"], at=clock.now())

    with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
        return {"recovery_codes": run(work)}


@blueprint.route("/", methods=["DELETE"])
@access("saver")
@blueprint.arguments(PasswordAndCodeSchema())
@blueprint.response(204)
def end_two_factor(values: dict[str, Any]) -> None:
    """Switch it off, by the password and a code."""
    person = caller()

    def work() -> None:
        if not password_change.is_password_of(person.id, values["password"]):
            raise password_change.wrong_password()
        two_factor.switch_off(person.id, values["otp"], at=clock.now())

    with slowing.guessing(slowing.at_a_question(person.family_id, "password")):
        run(work)
