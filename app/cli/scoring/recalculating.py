"""Scores made anew, by hand."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from app import clock
from app.services.audit import log as audit
from app.services.credit.refresh import refresh_all
from app.services.credit.storing import Cause
from app.services.identity import staff
from app.services.ops import jobs, scores
from app.services.ops.job_runs import perform
from app.transactions import run


@click.command("recalculate")
@click.option("--user", metavar="EMAIL", help="Only of this saver.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@with_appcontext
def recalculate(user: str | None, quiet: bool) -> None:
    """Make the scores of all savers anew in this process, or of one; a job does so weekly."""
    if user is not None:
        run(lambda: _of_one(user))
        click.echo(f"The score of {user} is made anew.")
        return
    run(lambda: audit.by_operator("scores_ordered", "job", scores.KIND, at=clock.now()))
    with tqdm(desc="savers", unit="", disable=quiet or None, leave=False) as bar:

        def watch(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        outcome = perform(jobs.job(scores.KIND), watch=watch)
    if outcome.state == "running":
        raise click.ClickException(f"{scores.KIND} is running already; `flask jobs list` shows how far it is.")
    click.echo(f"The scores of {outcome.done} savers are made anew.")


def _of_one(email: str) -> None:
    saver, at = staff.by_email(email).id, clock.now()
    audit.by_operator("scores_ordered", "user", saver, at=at)
    refresh_all([saver], Cause("recalculation"), at=at)
