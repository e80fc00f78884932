"""How groups of savers fare, where a group is known: told in the report, and never an input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from app.scoring.features import Column
from app.scoring.metrics import calibration, ece_by_chance, measure
from app.scoring.policy import Policy
from app.scoring.questions import Labelled
from app.services.ops.evaluation.layout import count, figure, percent, table
from app.services.ops.evaluation.trials import MODEL, RULE, Trial

#: Fewer savers than these in a group say nothing, and might be recognised.
LEAST: Final = 20


def of_groups(trial: Trial, name: str, of_account: Mapping[str, str], policy: Policy) -> Iterator[str]:
    """The lines about one grouping; none where fewer than two groups have savers enough."""
    rows, names = trial.tried.labelled, trial.tried.names
    group = np.array([of_account.get(names[saver], "") for saver in rows.saver.tolist()])
    # The band before the highest: what many would call good.
    good = policy.bands[-2][1]
    found = []
    for each in sorted(set(group.tolist()) - {""}):
        inside = group == each
        if len(np.unique(rows.saver[inside])) >= LEAST:
            score, likely = trial.line(RULE).ranking[inside], trial.line(MODEL).chances[inside]
            found.append([each, *_figures(rows.chosen(inside), score, likely, good)])
    if len(found) < 2:
        return
    head = ["rows", "savers", "on time", "the model said", f"score {good} or more", "rule AUC", "model AUC"]
    yield from ("", f"By {name}, which neither rule nor model knows:", "")
    yield from table([name, *head, "model ECE", "ECE by chance"], found)


def _figures(rows: Labelled, score: Column, likely: Column, good: int) -> list[str]:
    model = measure(rows.on_time, likely)
    # Of the score the ranking alone is asked.
    ranked = measure(rows.on_time, score / 1000)
    return [
        count(len(rows)),
        count(len(np.unique(rows.saver))),
        percent(float(rows.on_time.mean())),
        percent(float(likely.mean())),
        percent(float((score >= good).mean())),
        figure(ranked.auc),
        figure(model.auc),
        figure(model.ece),
        figure(ece_by_chance(calibration(rows.on_time, likely))),
    ]
