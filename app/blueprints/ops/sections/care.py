"""What staff do for the account; its forms are those of blueprints/ops/care.py."""

from __future__ import annotations

from app.blueprints.ops.sections.section import Section

SECTION = Section("care", "Look after", "ops/sections/care.html", lambda _user_id: None)
