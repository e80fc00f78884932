"""`flask clock`: the product's time, which can be moved forward for trying things out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli.refusals import Commands, not_in_production
from app.services.ops import clock
from app.transactions import run

UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
LONGEST = timedelta(days=3660)


class Span(click.ParamType):
    """A span of time such as ``3d``, ``12h``, ``90m`` or ``2w``; several in a row add up (``1d12h``)."""

    name = "span"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The timedelta; fails with a sentence."""
        if not re.fullmatch(r"(?a:\d{1,6}[wdhm])+", value):
            self.fail(f"{value!r} is not a span of time: write 3d, 12h, 90m or 2w.", param, ctx)
        parts = re.findall(r"(\d+)([wdhm])", value)
        span = sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
        if not timedelta() < span <= LONGEST:
            self.fail("Choose more than nothing and at most ten years (3660d).", param, ctx)
        return span


@click.group("clock", cls=Commands, invoke_without_command=True)
@with_appcontext
@click.pass_context
def group(ctx: click.Context) -> None:
    """Show the product's clock, or move it forward (never in production)."""
    if ctx.invoked_subcommand is None:
        offset = run(clock.offset)
        # Not clock.now(): in production that one has no offset, whatever the table says.
        ahead = timedelta() if current_app.config["APP_ENV"] == "production" else offset
        click.echo(f"{_shown(datetime.now(UTC) + ahead)}  ({_words(ahead)})")


@group.command("advance")
@click.argument("by", type=Span())
def advance(by: timedelta) -> None:
    """Move the clock forward by BY (3d, 12h, 90m, 2w). It cannot be moved back."""
    not_in_production("Moving the clock")
    ahead = run(lambda: clock.advance(by))
    click.echo(f"{_shown(datetime.now(UTC) + ahead)}  ({_words(ahead)}; running processes follow within a second)")


def _shown(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S UTC")


def _words(ahead: timedelta) -> str:
    return f"{ahead} ahead of real time" if ahead else "real time"
