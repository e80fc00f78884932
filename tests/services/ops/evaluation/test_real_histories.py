"""The three questions that the score was designed on, wherever the published data sets are: no figure may get worse."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app import clock
from app.scoring.policy import policy
from app.services.ops.evaluation.evaluating import Order, evaluate
from app.services.ops.evaluation.settings import settings_of
from app.services.ops.evaluation.trials import MODEL, NAIVE, RULE
from app.services.ops.imports.mapping import make_mapping, read_toml
from app.services.ops.imports.run import import_history
from tests.services.ops.imports.test_real_data import real

pytestmark = pytest.mark.no_cover  # what is covered does not hang on files that few have

# Question: rows, at least (AUC of the rule, of the model), at most (log-loss, ECE); to the digits that are told.
FIGURES = {
    ("akiba", "weekly"): (1_833, 0.848, 0.889, 0.42, 0.025),
    ("akiba", "daily"): (6_381, 0.909, 0.911, 0.297, 0.015),
    ("berka", "monthly"): (2_212, 0.918, 0.957, 0.191, 0.02),
}


@pytest.mark.early
@pytest.mark.parametrize("name", ["akiba", "berka"])
def test_each_figure_is_reached_on_real_histories(name: str, new_app: Callable[..., Flask]) -> None:
    found, values = real(name), read_toml(name)
    with new_app().app_context():
        import_history(found.files, make_mapping(values, currency="INR"))
        questions, _ = settings_of(values)
        (answer,) = evaluate([Order(name, questions)], policy(), at=clock.now(), thorough=False)
    assert {(name, trial.question.name) for trial in answer.trials} == {key for key in FIGURES if key[0] == name}
    for trial in answer.trials:
        rows, rule_auc, model_auc, loss, ece = FIGURES[name, trial.question.name]
        naive, rule, model = (trial.line(each).metrics for each in (NAIVE, RULE, MODEL))
        assert len(trial.tried) == rows
        assert rule.auc is not None
        assert model.auc is not None
        assert naive.auc is not None
        assert round(rule.auc, 3) >= rule_auc
        assert round(model.auc, 3) >= model_auc
        assert round(model.log_loss, 3) <= loss
        assert round(model.ece, 3) <= ece
        # And what a score must beat, on the same rows.
        assert model.auc > naive.auc
        assert max(model.log_loss, rule.log_loss) < naive.log_loss
