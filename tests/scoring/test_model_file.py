"""A model file is read without executing anything, and the same model is the same bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from app.scoring.model_file import Refused, dumps, loads

ROWS = np.random.default_rng(1).normal(size=(600, 4))
LABELS = ROWS[:, 0] + ROWS[:, 1] > 0


def boosting() -> Any:
    return HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=7).fit(ROWS, LABELS)


def logistic() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS)


@pytest.mark.parametrize("fit", [boosting, logistic])
def test_the_same_model_is_the_same_file_and_comes_back_as_it_was(fit: Any) -> None:
    model = fit()
    assert dumps(fit()) == dumps(model)
    assert (loads(dumps(model)).predict_proba(ROWS) == model.predict_proba(ROWS)).all()


def test_a_file_that_would_run_something_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    witness = tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return witness.write_text, ("ran",)

    # Once as skops writes a foreign class, once with a class of the program named in the schema.
    for data in (
        skops.io.dumps(Hostile()),
        _renamed(dumps(logistic()), "LogisticRegression", "sklearn", "os", "system"),
    ):
        with pytest.raises(Refused):
            loads(data)
    assert not witness.exists()


def _renamed(data: bytes, name: str, module: str, other_module: str, other: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as file:
        for part in source.namelist():
            content = source.read(part)
            if part == "schema.json":
                content = content.replace(f'"{name}"'.encode(), f'"{other}"'.encode())
                content = content.replace(f'"{module}.linear_model._logistic"'.encode(), f'"{other_module}"'.encode())
            file.writestr(part, content)
    return target.getvalue()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a model", b"\x80\x04\x95"])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        loads(data)
