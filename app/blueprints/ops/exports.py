"""Files of transactions that the worker writes: how far each is, and the way to it for a minute."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from flask import flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect

from app import clock
from app.blueprints.ops.base import ConsoleView, StaffRole
from app.blueprints.web.access import caller
from app.errors import NotFound
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
        return self.render("ops/exports.html", exports=mine, under_way=under_way)

    @expose("/<uuid:job_id>/file")
    def file(self, job_id: UUID) -> Redirect:
        """The file, by a link that lives a minute; that it was opened is in the audit log."""
        person, now = caller(), clock.now()
        try:
            return redirect(run(lambda: exports.link(job_id, by=person.id, at=now)), 303)
        except NotFound:
            flash("There is no such file any more: each is kept for a day.", "warning")
            return redirect(url_for(".index"), 303)
