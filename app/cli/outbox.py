"""`flask outbox`: what waits to be handed to the worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
from flask.cli import with_appcontext

from app import clock
from app.cli.refusals import Commands
from app.services.audit import log as audit
from app.services.ops import dead_letters
from app.services.outbox import upkeep
from app.transactions import run


@click.group("outbox", cls=Commands, invoke_without_command=True)
@with_appcontext
@click.pass_context
def group(ctx: click.Context) -> None:
    """Show what waits and what is dead; `retry` gives it another go."""
    if ctx.invoked_subcommand is not None:
        return
    state, letters = run(lambda: (upkeep.state(now=_now()), dead_letters.deliveries()))
    click.echo(f"waiting  {state.waiting}" + (f"  (the oldest for {_words(state.oldest)})" if state.oldest else ""))
    click.echo(f"dead     {state.dead}" + ("  (`flask outbox retry` tries them again)" if state.dead else ""))
    for topic, error, count in state.dead_by_topic:
        click.echo(f"         {count} × {topic}: {error}")
    if letters.count:
        click.echo(
            f"letters  {letters.count} dead  (`flask outbox retry --deliveries` tries those that are still of use)"
        )
    for channel, error, count in letters.by_channel:
        click.echo(f"         {count} × {channel}: {error}")


@group.command("retry")
@click.option("--deliveries", is_flag=True, help="E-mails, pushes and SMS that were given up, instead of messages.")
def retry(deliveries: bool) -> None:
    """Put dead messages back in line, with all their attempts before them."""
    if deliveries:
        count = run(lambda: _noted("deliveries", dead_letters.retry_deliveries(now=_now())))
        click.echo(f"{count} dead deliveries are back in line." if count else "There is none that would be of use.")
        return
    count = run(lambda: _noted("messages", upkeep.retry(now=_now())))
    click.echo(f"{count} dead messages are back in line." if count else "There is no dead message.")


def _noted(what: str, count: int) -> int:
    if count:
        audit.by_operator("dead_retried", "outbox", what, at=datetime.now(UTC), count=count)
    return count


def _now() -> datetime:
    return max(clock.now(), datetime.now(UTC))


def _words(span: timedelta) -> str:
    return str(timedelta(seconds=int(span.total_seconds())))
