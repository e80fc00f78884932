"""An evaluation's answers as tables in Markdown. The same rows give the same text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from app.scoring.drift import SCORE, baseline, drift
from app.scoring.metrics import calibration, ece_by_chance, psi
from app.scoring.policy import Policy
from app.services.ops.evaluation import fairness
from app.services.ops.evaluation.evaluating import Answer
from app.services.ops.evaluation.layout import NOTHING, count, figure, interval, percent, table
from app.services.ops.evaluation.settings import Question
from app.services.ops.evaluation.trials import MODEL, NAIVE, RULE, STREAK, Trial

TITLES: Final = {
    NAIVE: "naive: points per deposit, bonus for the streak",
    STREAK: "streak alone",
    RULE: "**rule score**",
    "logistic": "logistic regression",
    "boosting": "boosting",
    MODEL: "**model in service**",
}
_DRIFTED: Final = 5


def tables(answers: Sequence[Answer], policy: Policy) -> str:
    """All of it: a table over all questions first, then each question by itself."""
    lines = ["### All questions", "", *_overview(answers)]
    for answer in answers:
        for trial in answer.trials:
            lines += ["", *_trial(answer, trial, policy)]
    return "\n".join(lines) + "\n"


def _overview(answers: Sequence[Answer]) -> Iterator[str]:
    rows = []
    for answer in answers:
        for trial in answer.trials:
            naive, rule, model = (trial.line(name).metrics for name in (NAIVE, RULE, MODEL))
            rows.append(
                [
                    f"{answer.name}, {trial.question.name}", count(len(trial.tried)), figure(naive.auc),
                    figure(rule.auc), figure(model.auc), figure(naive.log_loss), figure(rule.log_loss),
                    figure(model.log_loss), figure(model.ece),
                ]
            )  # fmt: skip
    head = [
        "history, question", "rows", "naive AUC", "rule AUC", "model AUC", "naive log-loss", "rule log-loss",
        "model log-loss", "model ECE",
    ]  # fmt: skip
    yield from table(head, rows)


def _trial(answer: Answer, trial: Trial, policy: Policy) -> Iterator[str]:
    question, rows = trial.question, trial.tried.labelled
    yield f"### {answer.name}, {question.name}" + (f": {question.title}" if question.title else "")
    yield ""
    yield _asked(question, trial)
    yield ""
    yield from table(
        ["predicted by", "AUC", "95 %", "log-loss", "95 %", "ECE"],
        [
            [
                TITLES[line.name], figure(line.metrics.auc), interval(line.auc), figure(line.metrics.log_loss),
                interval(line.log_loss), figure(line.metrics.ece),
            ]
            for line in trial.lines
        ],
    )  # fmt: skip
    model = trial.line(MODEL)
    yield ""
    yield "By band of the rule score:"
    yield ""
    yield from _bands(trial, policy)
    yield ""
    bins = calibration(rows.on_time, model.chances)
    yield (
        "What the model said and what came, by tenths of the chances"
        f" (an ECE of {figure(ece_by_chance(bins))} would be chance alone):"
    )
    yield ""
    yield from table(
        ["rows", "predicted", "on time"],
        [[count(each.count), percent(each.predicted), percent(each.observed)] for each in bins],
    )
    if trial.cold:
        yield ""
        yield "Log-loss on the same rows where few savers are there to learn from (means of five draws of savers):"
        yield ""
        kinds = list(trial.cold[0].log_loss)
        yield from table(
            ["savers", *(TITLES[kind].strip("*") for kind in kinds)],
            [[str(each.savers), *(figure(each.log_loss[kind]) for kind in kinds)] for each in trial.cold],
        )
    if trial.elsewhere:
        yield ""
        yield "Elsewhere, so that nothing hangs on one choice:"
        yield ""
        yield from table(
            ["", "rows", "rule AUC", "model AUC", "rule log-loss", "model log-loss", "model ECE"],
            [
                [
                    name, count(ours.rows), figure(rule.auc), figure(ours.auc), figure(rule.log_loss),
                    figure(ours.log_loss), figure(ours.ece),
                ]
                for name, rule, ours in trial.elsewhere
            ],
        )  # fmt: skip
    yield from _drift(trial)
    for name, of_account in answer.groups.items():
        yield from fairness.of_groups(trial, name, of_account, policy)


def _asked(question: Question, trial: Trial) -> str:
    rows, tried = trial.tried.labelled, trial.tried
    who = "savers" if question.by == "saver" else "jars"
    periods = "Periods as each jar has them" if tried.plan == "own" else f"Plan: {tried.plan}"
    wanted = {
        "usual": f"; a period asks for {question.share:g} of the median of up to {question.periods} full ones before"
        f" it, until {question.grace if question.grace is not None else 'the grace'} days after its usual day",
        "any": "; any net deposit meets a period",
    }.get(question.commitment, "")
    followed = f"; each jar is followed for {question.days} days" if question.days else ""
    how = (
        f"tried in {question.folds} folds on {who} that were not learned from"
        if question.folds
        else f"learned from {trial.fitted:,} rows, tried on the later ones"
        + (f", from {_day(question)} on" if question.split else ", the newest fifth")
    )
    serving = " and ".join(
        f"{each} ({trial.in_service.count(each)} of {len(trial.in_service)})" if len(trial.in_service) > 1 else each
        for each in sorted(set(trial.in_service))
    )
    return (
        f"{periods}{wanted}{followed}. Rows with at least {question.at_least} closed periods before them; {how}:"
        f" {len(rows):,} rows of {len(np.unique(rows.saver)):,} {who}, of which {percent(float(rows.on_time.mean()))}"
        f" were on time. In service after training: {serving}."
    )


def _day(question: Question) -> str:
    assert question.split is not None
    return f"{question.split.day} {question.split:%B %Y}"


def _bands(trial: Trial, policy: Policy) -> Iterator[str]:
    rows, model = trial.tried.labelled, trial.line(MODEL)
    score = trial.line(RULE).ranking
    begins = [begin for _, begin in policy.bands]
    place = np.searchsorted(begins, score, side="right") - 1
    found = []
    for number, (code, begin) in enumerate(policy.bands):
        inside = place == number
        end = begins[number + 1] - 1 if number + 1 < len(begins) else 900
        rows_inside = int(inside.sum())
        found.append(
            [
                f"{code} ({begin} to {end})", count(rows_inside), percent(rows_inside / len(rows)),
                percent(float(rows.on_time[inside].mean())) if rows_inside else NOTHING,
                percent(float(model.chances[inside].mean())) if rows_inside else NOTHING,
            ]
        )  # fmt: skip
    yield from table(["band", "rows", "share", "on time", "the model said"], found)


def _drift(trial: Trial) -> Iterator[str]:
    before, now = trial.before, trial.tried.labelled
    if trial.question.folds:
        day = int(np.max(before.as_of, initial=0))
        now = now.chosen(now.as_of > day)
    if not len(before) or not len(now):
        return
    # There is a model for each fold, and what drifts for all of them is what they see.
    zero = np.zeros(len(before))
    compared, moved = drift(baseline(before.features, zero), now.features, np.zeros(len(now)))
    if not compared:
        return
    yield ""
    yield (
        f"Drift from the {len(before):,} earlier rows to {len(now):,} later ones: the population stability index (PSI)"
        f" among equally long histories ({compared:,} rows could be compared), what chance makes of so few rows, and"
        " the index over all at once, which mostly shows that savers grow older:"
    )
    yield ""
    shown = [each for each in moved if each.name != SCORE][:_DRIFTED]
    yield from table(
        ["feature", "PSI, equal length", "by chance", "PSI, pooled"],
        [
            [
                f"`{each.name}`", figure(each.psi), figure(each.by_chance),
                figure(psi(before.features.columns[each.name], now.features.columns[each.name])),
            ]
            for each in shown
        ],
    )  # fmt: skip
