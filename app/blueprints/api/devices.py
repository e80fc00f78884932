"""Phones and browsers that take push."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import clock
from app.blueprints.api.access import ApiBlueprint, access, caller
from app.blueprints.api.schemas.devices import DeviceAnswerSchema, NewDeviceSchema
from app.services.notifications import devices
from app.transactions import run

blueprint = ApiBlueprint("devices", __name__, url_prefix="/api", description="Phones and browsers that take push")


@blueprint.route("/devices/", methods=["POST"])
@access("saver")
@blueprint.arguments(NewDeviceSchema())
@blueprint.response(201, DeviceAnswerSchema)
def add_device(values: dict[str, Any]) -> dict[str, Any]:
    """Have push sent to this device for as long as this sign-in lasts. Named again it is the same device."""
    person, at = caller(), clock.now()

    def work() -> devices.Device:
        if values["kind"] == "expo":
            return devices.register_phone(person.id, person.family_id, values["token"], at=at)
        return devices.register_browser(person.id, person.family_id, values["endpoint"], values["keys"], at=at)

    return {"device": run(work)}


@blueprint.route("/devices/<uuid:device_id>/", methods=["DELETE"])
@access("saver")
@blueprint.response(204)
def remove_device(device_id: UUID) -> None:
    """Send this device nothing more."""
    run(lambda: devices.remove(caller().id, device_id))
