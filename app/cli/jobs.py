"""`flask jobs`: what runs when, how it went, and running one by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from app.cli.refusals import Commands
from app.services.audit import log as audit
from app.services.ops import job_runs, jobs
from app.services.ops.job_runs import perform
from app.transactions import run

STATES = {"done": "green", "nothing": "green", "failed": "red", "running": "yellow"}


@click.group("jobs", cls=Commands)
def group() -> None:
    """The scheduled jobs: when each runs and how it went; run one now."""


@group.command("list")
@with_appcontext
def list_jobs() -> None:
    """Each job: when it runs, when it last ran and how that went, when it runs next."""
    now = datetime.now(UTC)
    marks, running = run(lambda: (job_runs.marks(), job_runs.running()))
    lines = [("job", "schedule (UTC)", "last run", "outcome", "took", "next")]
    for job in jobs.JOBS.values():
        mark, under_way = marks.get(job.name), running.get(job.name)
        lines.append(
            (
                job.name,
                f"every {job.schedule:g} s" if isinstance(job.schedule, float) else job.schedule,
                _ago(now - mark.ran_at) if mark else "never",
                _progress(under_way) if under_way else mark.outcome if mark else "",
                f"{mark.took / timedelta(seconds=1):.2f} s" if mark else "",
                "" if isinstance(job.schedule, float) else f"{jobs.next_start(job, after=now):%a %H:%M}",
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for number, line in enumerate(lines):
        cells = [f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)]
        cells[3] = click.style(cells[3], STATES.get(line[3].split()[0] if line[3] else ""), bold=number == 0)
        click.echo("  ".join(cells).rstrip())
    click.echo()
    for job in jobs.JOBS.values():
        click.echo(f"{job.name:{widths[0]}}  {job.about}")


@group.command("run")
@click.argument("name")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@with_appcontext
def run_job(name: str, quiet: bool) -> None:
    """Run the job NAME now, in this process. Exit code 1 where it fails, or is running already."""
    job = jobs.job(name)
    run(lambda: audit.by_operator("job_run", "job", job.name, at=datetime.now(UTC)))
    with tqdm(desc=job.name, unit="", disable=quiet or None, leave=False) as bar:

        def watch(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        outcome = perform(job, watch=watch)
    if outcome.state == "running":
        raise click.ClickException(f"{name} is running already; `flask jobs list` shows how far it is.")
    click.echo(f"{name}: {outcome.done} done." if outcome.done else f"{name}: there was nothing to do.")


def _progress(under_way: job_runs.JobRun) -> str:
    return f"{under_way.status} {under_way.done}" + (f"/{under_way.total}" if under_way.total else "")


def _ago(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
