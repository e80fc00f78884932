"""Runs of jobs, for staff."""

from __future__ import annotations

from uuid import UUID

from app.blueprints.api.access import ApiBlueprint, access
from app.blueprints.api.schemas.jobs import JobSchema
from app.services.ops import job_runs
from app.services.ops.job_runs import JobRun
from app.transactions import run

blueprint = ApiBlueprint("jobs", __name__, url_prefix="/api", description="Runs of jobs")


@blueprint.route("/jobs/<uuid:job_id>/", methods=["GET"])
@access("support")
@blueprint.response(200, JobSchema)
def read_job(job_id: UUID) -> JobRun:
    """One run of a job: how far it is, and how it ended."""
    return run(lambda: job_runs.read(job_id))
