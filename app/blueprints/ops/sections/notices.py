"""What the saver was told of, and by which ways."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import one_user

SECTION = Section("notices", "Notifications", "ops/sections/notices.html", one_user.notices)
