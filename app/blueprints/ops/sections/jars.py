"""What the account saves for."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import one_user

SECTION = Section("jars", "Jars", "ops/sections/jars.html", one_user.jars)
