"""The scheduled jobs and their runs: what each does, how it went, how far it is; begun by hand and tried again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from flask import current_app, flash, redirect, url_for
from flask_admin import expose
from werkzeug.wrappers import Response as Redirect
from wtforms import SelectChoice, SelectField

from app import clock
from app.blueprints.ops import words
from app.blueprints.ops.base import ConsoleView, StaffRole, only
from app.blueprints.ops.columns import Column
from app.blueprints.ops.forms import ChoiceFilter, DayFilter, FilterForm, Given, LastDayFilter, PageForm
from app.blueprints.ops.lists import ListView
from app.blueprints.ops.schedules import how_often
from app.blueprints.web.access import caller
from app.errors import DomainError
from app.services.ops import job_list, trying_again
from app.services.ops.console import figures, machinery, runs
from app.services.ops.console.listing import Asked, Order, Page
from app.services.ops.job_runs import JobRun
from app.services.ops.jobs import JOBS
from app.transactions import run


class RunForm(PageForm):
    """Which job to begin."""

    kind = SelectField("Job", [Given("Say which job.")], choices=[SelectChoice(name, name) for name in sorted(JOBS)])


class JobsView(ConsoleView):
    """Every scheduled job, and whether the machinery under them is well."""

    role: ClassVar[StaffRole | None] = "support"
    key: ClassVar[str | None] = "j"

    @expose("/")
    def index(self) -> str:
        """The page; it keeps itself up to date where scripts run."""
        now, today = datetime.now(UTC), clock.today(caller().zone.name)
        asked = machinery.broker(current_app.config)
        jobs, stands = run(lambda: (job_list.scheduled(), figures.machinery(today=today, now=now)))
        marks = {job.name: job.last for job in jobs if job.last is not None}
        parts = machinery.parts(asked, marks, stands, now=now)
        failed = [job for job in jobs if job.last is not None and job.last.outcome == "failed"]
        under_way = [job for job in jobs if job.under_way is not None]
        first = {job.name for job in (*under_way, *failed)}
        jobs.sort(key=lambda job: job.name not in first)
        return self.render(
            "ops/jobs.html", jobs=jobs, parts=parts, how_often=how_often, may_run=caller().role == "admin"
        )

    @expose("/run", methods=("POST",))
    @only("admin", fresh=True)
    def run_now(self) -> Redirect | tuple[str, int]:
        """Have the worker run a job now. Some collect and charge: it takes a fresh sign-in."""
        form = RunForm()
        if not form.validate():
            return self.index(), 422
        person, now = caller(), clock.now()
        return _begun(self, lambda: trying_again.start(form.kind.data, by=person.id, at=now))


class RunFilters(FilterForm):
    """What runs are narrowed by."""

    kind = ChoiceFilter("Job", [(name, name) for name in sorted(JOBS)])
    status = ChoiceFilter("State", words.choices(runs.RUN_STATES, words.RUNS))
    since = DayFilter("From", name="from")
    until = LastDayFilter("To", name="to")


class RunsView(ListView):
    """Every run of a job, newest first."""

    role: ClassVar[StaffRole | None] = "support"
    export_most = 5_000
    filters = RunFilters
    orders: ClassVar[dict[str, Order]] = dict(runs.SOURCE.orders)
    caption = "Runs of jobs"
    empty = "No run matches. A run that finds nothing to do leaves no line here: the list of jobs says when it was."
    columns = (
        Column("kind", "Job", link=lambda row: url_for("ops_runs.one", job_id=row.id)),
        Column("status", "State", "word", words=words.RUNS),
        Column("error", "Error"),
        Column("created_at", "Ordered", "instant", sortable=True),
        Column("started_at", "Began", "instant"),
        Column("finished_at", "Ended", "instant"),
        Column("done", "Done", "number"),
        Column("total", "Of", "number"),
        Column("attempts", "Tries", "number"),
        Column("asked_by", "Ordered by", nothing="the timetable"),
        Column("id", "Id", "id"),
    )

    def rows(self, asked: Asked) -> Page[runs.Run]:
        """A page of runs."""
        return runs.listed(asked)

    @expose("/<uuid:job_id>/")
    def one(self, job_id: UUID) -> str:
        """One run, with how far it is; it keeps itself up to date while it goes on."""
        found = run(lambda: runs.one(job_id))
        job = JOBS.get(found.kind)
        return self.render(
            "ops/run.html",
            trail=[(f"Run {str(job_id)[-8:]}", None)],
            found=found,
            about=job.about if job else None,
            may_retry=found.status == "failed" and job is not None and trying_again.is_ordered_by_name(job),
            may_run=caller().role == "admin",
            now=datetime.now(UTC),
        )

    @expose("/<uuid:job_id>/again", methods=("POST",))
    @only("admin", fresh=True)
    def again(self, job_id: UUID) -> Redirect:
        """Do anew what a failed run was to do."""
        person, now = caller(), clock.now()
        return _begun(self, lambda: trying_again.start_again(job_id, by=person.id, at=now), job_id)


def _begun(view: ConsoleView, order: Any, job_id: UUID | None = None) -> Redirect:
    try:
        begun: JobRun = run(order)
    except DomainError as refusal:
        if refusal.code not in {"job_running", "job_not_ordered", "job_not_failed"}:
            raise
        flash(refusal.message, "warning")
        where = url_for("ops_jobs.index") if job_id is None else url_for("ops_runs.one", job_id=job_id)
        return redirect(where, 303)
    flash("The worker begins with it in a moment.", "success")
    return redirect(url_for("ops_runs.one", job_id=begun.id), 303)
