"""Who it is; name, address and number are masked until somebody asks for them with a reason."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import one_user

SECTION = Section("profile", "Profile", "ops/sections/profile.html", one_user.profile)
