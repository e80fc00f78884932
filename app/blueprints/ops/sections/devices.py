"""Where the account is signed in, and what takes its push."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import one_user

SECTION = Section("devices", "Devices", "ops/sections/devices.html", one_user.devices)
