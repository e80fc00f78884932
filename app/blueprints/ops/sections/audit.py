"""What the audit log says of the account, newest first."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section
from app.services.ops.console import one_user

SECTION = Section("audit", "Audit log", "ops/sections/audit.html", one_user.entries)
