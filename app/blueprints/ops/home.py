"""The console's first page: what is wrong, what waits, and the figures of the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from flask import current_app, url_for
from flask_admin import expose

from app import clock
from app.blueprints.ops import charts
from app.blueprints.ops.base import ConsoleView, StaffRole
from app.blueprints.ops.places import place
from app.services.ops.console import figures, troubles
from app.services.ops.console.figures import Figures, Moved
from app.services.ops.console.troubles import Trouble
from app.transactions import run

# Where a trouble is looked into: a method of a view and what it is asked; whichever this console has, the first.
LOOKED_INTO: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "ledger_findings": (("ops_audit.index", {"action": "ledger_verified"}),),
    "ledger_never_verified": (("ops_jobs.index", {}),),
    "ledger_long_unverified": (("ops_jobs.index", {}),),
    "outbox_dead": (("ops_given_up.index", {}), ("ops_jobs.index", {})),
    "deliveries_dead": (("ops_deliveries.index", {"status": "dead"}), ("ops_given_up.index", {})),
    "outbox_late": (("ops_jobs.index", {}),),
    "job_failed": (("ops_jobs.index", {}),),
    "job_silent": (("ops_jobs.index", {}),),
    "never_counted": (("ops_jobs.index", {}),),
    "counted_long_ago": (("ops_jobs.index", {}),),
    "answers_late": (("ops_requests.index", {}), ("ops_inbox.index", {})),
    "model_refused": (("ops_models.index", {}),),
    "model_drifting_then": (("ops_models.index", {}),),
    "model_refused_then": (("ops_models.index", {}),),
}


@dataclass(frozen=True, slots=True)
class DayChart:
    """Bars of the last two weeks, today last, with the same as values (minor units) by day."""

    bars: list[charts.Bar]
    days: list[tuple[date, int]]


class HomeView(ConsoleView):
    """What waits for whom, and how the house stands."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "h"

    @expose("/")
    def index(self) -> str:
        """The page."""
        now, zone = clock.now(), ZoneInfo(current_app.config["DEFAULT_TIME_ZONE"])
        today = now.astimezone(zone).date()
        found = run(lambda: figures.read(today=today, now=datetime.now(UTC)))
        wrong = [(one, _place(one)) for one in troubles.found(found, at=now)]
        return self.render(
            "ops/home.html",
            figures=found,
            troubles=wrong,
            today=today,
            now=now,
            charts={
                "deposits": _chart(found.deposits),
                "withdrawals": _chart(found.withdrawals),
                "net": _net(found),
            },
            place=place,
            on_today={"from": today.isoformat(), "to": today.isoformat()},
            arrears_url=url_for("ops_loans.index", due="overdue"),
        )


def _place(trouble: Trouble) -> str | None:
    asked = ((endpoint, dict(values)) for endpoint, values in LOOKED_INTO.get(trouble.code, ()))
    return next((url for endpoint, values in asked if (url := place(endpoint, **values))), None)


def _chart(moved: Moved) -> DayChart:
    return DayChart(charts.bars([day.amount for day in moved.days]), [(day.day, day.amount) for day in moved.days])


def _net(found: Figures) -> DayChart:
    pairs = zip(found.deposits.days, found.withdrawals.days, strict=True)
    days = [(into.day, into.amount - out.amount) for into, out in pairs]
    return DayChart(charts.bars([amount for _, amount in days]), days)
