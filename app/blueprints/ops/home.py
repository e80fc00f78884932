"""The console's first page: what waits, and the figures of the house."""

from __future__ import annotations

from typing import ClassVar

from flask_admin import expose

from app.blueprints.ops.base import ConsoleView, StaffRole


class HomeView(ConsoleView):
    """What waits for whom, and how the house stands."""

    role: ClassVar[StaffRole | None] = "support"

    @expose("/")
    def index(self) -> str:
        """The page."""
        return self.render("ops/home.html")
