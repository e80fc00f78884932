"""What waits for somebody: a second word, an answer, a look at a paper."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_admin import expose

from app import clock
from app.blueprints.ops.base import ConsoleView, StaffRole
from app.blueprints.web.access import caller
from app.services.ops.console import papers, requests, reversals
from app.services.ops.console.listing import Asked
from app.transactions import run

#: Of each kind; the lists have the rest.
MOST = 25


class InboxView(ConsoleView):
    """All that waits, what is due first on top."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "i"

    @expose("/")
    def index(self) -> str:
        """The page."""
        person, now = caller(), clock.now()
        day = person.zone.date(now)

        def work() -> dict[str, Any]:
            return {
                "reversals": reversals.listed(Asked({"status": "waiting"}, "requested_at", limit=MOST)),
                "second": papers.waiting(Asked({"proposed": True}, "uploaded_at", limit=MOST)),
                "requests": requests.listed("open", Asked({}, "answer_by", limit=2 * MOST), day=day),
            }

        return self.render("ops/inbox.html", day=day, **run(work))
