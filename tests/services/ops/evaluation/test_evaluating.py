"""An evaluation of a small history, through the importer and the product's own gathering, features and training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from flask import Flask

from app import clock
from app.errors import DomainError
from app.periods import Plan
from app.scoring.policy import policy
from app.services.ops.evaluation.evaluating import Answer, Order, evaluate
from app.services.ops.evaluation.rows import Rows, find, rows
from app.services.ops.evaluation.settings import Question, settings_of
from app.services.ops.evaluation.tables import tables
from app.services.ops.evaluation.trials import MODEL, NAIVE, RULE, held
from app.services.ops.imports.mapping import make_mapping
from app.services.ops.imports.run import import_history
from tests.services.ops.evaluation.histories import mapping_of, written

WEEKLY = {"jar": {"plan": "weekly"}}


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("history"))


@pytest.fixture
def imported(file: Path) -> str:
    return taken_in(file, "weekly", **WEEKLY)


def taken_in(file: Path, name: str, **more: Any) -> str:
    import_history([file], make_mapping(mapping_of(name, **more), currency="INR"))
    return name


def asked(name: str, **more: Any) -> Rows:
    return rows(find(name), Question(**more), at=clock.now())


def answered(name: str, *questions: Question, groups: dict[str, dict[str, str]] | None = None) -> list[Answer]:
    return list(evaluate([Order(name, questions or (Question(),), groups or {})], policy(), at=clock.now()))


def test_the_same_history_makes_the_same_tables_whatever_ids_it_was_given(file: Path, imported: str) -> None:
    groups = {"half": {str(number): "even" if number % 2 == 0 else "odd" for number in range(90)}}
    first = tables(answered(imported, groups=groups), policy())
    other = tables(answered(taken_in(file, "again", **WEEKLY), groups=groups), policy())
    assert first == other.replace("again", "weekly")
    for words in ("naive", "By band of the rule score", "Log-loss on the same rows", "Elsewhere", "By half"):
        assert words in first
    assert "nan" not in first


def test_drift_is_told_among_equally_long_histories(imported: str) -> None:
    trial = held(asked(imported), Question(folds=2), policy(), thorough=False)
    text = tables([Answer(imported, [trial], {})], policy())
    assert "Drift from" in text
    assert "| `" in text.partition("PSI, equal length")[2]


def test_every_way_of_predicting_sees_the_same_rows_and_what_was_learned_from_is_over(imported: str) -> None:
    found = asked(imported)
    split = date(2024, 4, 1)
    trial = held(found, Question(split=split), policy(), thorough=False)
    assert {len(line.chances) for line in trial.lines} == {len(trial.tried)}
    assert trial.tried.labelled.as_of.min() >= (day := (split - date(1970, 1, 1)).days)
    assert trial.before.closed.max() < day
    assert trial.line(MODEL).metrics.log_loss < trial.line(NAIVE).metrics.log_loss
    # Too few savers for more than logistic regression.
    assert {line.name for line in trial.lines} == {"naive", "streak", "rule", "logistic", "model"}
    assert trial.line(MODEL).metrics == trial.line(trial.in_service[0]).metrics


def test_in_folds_nobody_is_on_both_sides_and_everybody_is_tried_once(imported: str) -> None:
    found = asked(imported)
    trial = held(found, Question(folds=4), policy(), thorough=False)
    assert len(trial.tried) == len(found)
    assert trial.fitted == 3 * len(found)
    assert (trial.tried.labelled.as_of == found.labelled.as_of).all()


def test_what_came_later_changes_no_row(imported: str) -> None:
    whole = asked(imported).labelled
    cut = asked(imported, until=date(2024, 3, 11)).labelled
    same = whole.chosen(whole.closed < (date(2024, 3, 11) - date(1970, 1, 1)).days)
    assert len(cut) == len(same) > 0
    for name, column in cut.features.columns.items():
        assert np.array_equal(column, same.features.columns[name], equal_nan=True), name
    assert (cut.on_time == same.on_time).all()


def test_too_few_savers_leave_the_rule_in_service(tmp_path: Path) -> None:
    name = taken_in(written(tmp_path, savers=12, weeks=9, seed=2), "few", **WEEKLY)
    (answer,) = answered(name)
    trial = answer.trials[0]
    assert trial.in_service == [RULE]
    assert trial.line(MODEL).metrics == trial.line(RULE).metrics
    assert {line.name for line in trial.lines} == {"naive", "streak", "rule", "model"}


@pytest.mark.parametrize(
    ("jar", "question", "plan"),
    [
        ({}, {}, "weekly"),  # no plan: the rhythm of its deposits suggests one
        ({}, {"plan": "monthly"}, "monthly"),
        ({"plan": "monthly"}, {}, "own"),
        ({"plan": "daily", "installment": "30"}, {}, "own"),
        ({"plan": "weekly", "installment": "30"}, {"commitment": "any"}, "own"),
        ({}, {"plan": "weekly", "commitment": "usual"}, "weekly"),
        ({"plan": "weekly"}, {"by": "jar", "days": 60}, "own"),
    ],
)
def test_any_plan_with_nothing_but_its_columns(
    file: Path, jar: dict[str, str], question: dict[str, Any], plan: str
) -> None:
    name = taken_in(file, f"any-{uuid4().hex[:12]}", jar=jar)
    found = asked(name, **question)
    assert found.plan == plan
    assert len(found) > 20
    assert 0 < found.labelled.on_time.mean() < 1
    assert found.names == sorted(found.names)


def test_an_installment_asks_for_more_than_anything(file: Path) -> None:
    name = taken_in(file, "asks", jar={"plan": "weekly", "installment": "50"})
    own, whatever = asked(name), asked(name, commitment="any")
    assert len(own) == len(whatever)
    assert own.labelled.on_time.sum() < whatever.labelled.on_time.sum()


def test_a_question_of_another_plan_leaves_the_jar_s_own_alone(imported: str) -> None:
    assert asked(imported, plan=Plan.MONTHLY).plan == "monthly"
    assert asked(imported).plan == "own"


@pytest.mark.parametrize(
    ("name", "question", "code"),
    [("nobody", Question(), "not_imported"), ("weekly", Question(at_least=50), "nothing_to_evaluate")],
)
def test_what_cannot_be_asked_is_a_sentence(imported: str, name: str, question: Question, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        answered(name, question)
    assert refusal.value.code == code


def test_settings_of_a_mapping_reach_the_rows(imported: str) -> None:
    (question,), _ = settings_of(mapping_of("weekly", evaluation=[{"at_least": 6, "since": date(2024, 3, 1)}]))
    found = rows(find(imported), replace(question, folds=2), at=clock.now())
    assert found.labelled.features.closed.min() >= 6
    assert found.labelled.as_of.min() >= (date(2024, 3, 1) - date(1970, 1, 1)).days
