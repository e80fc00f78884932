"""`flask scoring`: scores made anew and looked back at; each module brings its commands."""

from __future__ import annotations

from app.cli.refusals import Commands
from app.cli.scoring import recalculating, scores

group = Commands("scoring", help="Scores: make them anew, and recompute one for any past instant.")

for command in (recalculating.recalculate, scores.show):
    group.add_command(command)
