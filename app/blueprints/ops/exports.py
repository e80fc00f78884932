"""Files of transactions that the worker writes: how far each is, and the way to it for a minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from flask import flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.ops.base import ConsoleView, StaffRole
from app.blueprints.ops.columns import local, plain_day
from app.blueprints.web.access import caller
from app.errors import NotFound
from app.periods import SaverZone
from app.services.ops import exports
from app.transactions import run


class ExportsView(ConsoleView):
    """The newest files that this member of staff asked for."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "e"

    @expose("/")
    def index(self) -> str:
        """The page; it looks again by itself while something is being written."""
        person = caller()
        mine = run(lambda: exports.mine(person.id))
        under_way = any(one.job.status in {"queued", "running"} for one in mine)
        asked = {one.job.id: _as_asked(one.filters, person.zone) for one in mine}
        return self.render("ops/exports.html", exports=mine, asked=asked, under_way=under_way)

    @expose("/<uuid:job_id>/file")
    def file(self, job_id: UUID) -> Redirect:
        """The file, by a link that lives a minute; that it was opened is in the audit log."""
        person, now = caller(), clock.now()
        try:
            return redirect(run(lambda: exports.link(job_id, by=person.id, at=now)), 303)
        except NotFound:
            flash("There is no such file any more: each is kept for a day.", "warning")
            return redirect(url_for(".index"), 303)


def _as_asked(filters: Mapping[str, Any], zone: SaverZone) -> dict[str, Any]:
    """Filters as their fields had them: the instants that a list asks for as days, the last one as the last."""
    asked = dict(filters)
    if "since" in asked:
        asked["since"] = plain_day(local(datetime.fromisoformat(asked["since"]), zone).date())
    if "before" in asked:
        asked["before"] = plain_day(
            (local(datetime.fromisoformat(asked["before"]), zone) - timedelta(seconds=1)).date()
        )
    return asked
