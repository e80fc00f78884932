"""`flask scoring`: scores made anew and looked back at, and the models behind them; each module brings its commands."""

from __future__ import annotations

from app.cli.refusals import Commands
from app.cli.scoring import models, recalculating, scores

group = Commands(
    "scoring", help="Scores: make them anew, recompute one for any past instant; train the models behind them."
)

for command in (recalculating.recalculate, scores.show, *models.COMMANDS):
    group.add_command(command)
