"""What the program goes by, to look at: settings with their source, and the policies that count."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import current_app
from flask_admin import expose

from app import clock
from app.blueprints.ops import policy_words
from app.blueprints.ops.base import ConsoleView, StaffRole
from app.services.ops.console import settings
from app.transactions import run


class SettingsView(ConsoleView):
    """Every setting with where it comes from. They are changed where they are set, and count from the next start."""

    role: ClassVar[StaffRole | None] = "admin"

    @expose("/")
    def index(self) -> str:
        """Those that were given, then those that are as they come."""
        listed, build = settings.settings(), settings.build()
        return self.render(
            "ops/settings.html",
            groups=[
                ("given", "Given here", [one for one in listed if one.source != "default"]),
                ("default", "As they come", [one for one in listed if one.source == "default"]),
            ],
            build=build,
            files=current_app.extensions["asset_version"](),
            environment=current_app.config["APP_ENV"],
        )


class PoliciesView(ConsoleView):
    """The rule of the score, the terms of loans, and the texts that savers agree to, each with its version."""

    role: ClassVar[StaffRole | None] = "support"

    @expose("/")
    def index(self) -> str:
        """All of them. A policy is a file of the program: another version comes with another release."""
        found: dict[str, Any] = {one.about: one for one in run(lambda: settings.in_force(clock.now()))}
        return self.render(
            "ops/policies.html",
            score=found.pop("score"),
            loans=found.pop("loans"),
            texts=list(found.values()),
            said=policy_words,
        )
