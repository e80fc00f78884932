"""`flask badges`: their drawings, and those that savers have deserved all along."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from app import clock
from app.cli.rangoli.drawing import draw_all
from app.cli.refusals import Commands
from app.services.audit import log as audit
from app.services.ops.badge_awards import award_missing
from app.transactions import run

STATIC = Path(__file__).parents[1] / "static"
group = Commands("badges", help="The badges: their drawings, and who deserves them.")


@group.command("draw", with_appcontext=False)
def draw() -> None:
    """Draw every badge anew into app/static/badges, in the colours of tokens.css."""
    changed = draw_all(STATIC / "badges", (STATIC / "css" / "tokens.css").read_text(encoding="utf-8"))
    click.echo("\n".join(changed) if changed else "Every drawing is as it should be.")


@group.command("award")
@with_appcontext
def award() -> None:
    """Give savers the badges that came into the catalogue after they had earned them; nobody is told."""
    run(lambda: audit.by_operator("badges_awarded", "catalogue", "badges", at=clock.now()))
    with tqdm(desc="savers", unit="", leave=False, disable=None) as bar:
        savers = award_missing(lambda done: _show(bar, done))
    click.echo(f"The histories of {savers} savers were gone through.")


def _show(bar: tqdm, done: int) -> None:
    bar.update(done - bar.n)
