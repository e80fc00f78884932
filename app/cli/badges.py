"""`flask badges`: their drawings."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.rangoli.drawing import draw_all
from app.cli.refusals import Commands

STATIC = Path(__file__).parents[1] / "static"
group = Commands("badges", help="The drawings of the badges.")


@group.command("draw", with_appcontext=False)
def draw() -> None:
    """Draw every badge anew into app/static/badges, in the colours of tokens.css."""
    changed = draw_all(STATIC / "badges", (STATIC / "css" / "tokens.css").read_text(encoding="utf-8"))
    click.echo("\n".join(changed) if changed else "Every drawing is as it should be.")
