"""`flask scoring`: scores made anew and looked back at, the models behind them, and how all of it does.

Each module brings its commands.
"""

from __future__ import annotations

from app.cli.refusals import Commands
from app.cli.scoring import evaluate, models, recalculating, scores

group = Commands(
    "scoring",
    help="Scores: make them anew, recompute one for any past instant; train the models behind them; try all of it.",
)

for command in (recalculating.recalculate, scores.show, *models.COMMANDS, evaluate.evaluate_command):
    group.add_command(command)
