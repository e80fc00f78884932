"""A model's file says what it is, is the same for the same model, and is refused where anything about it is not."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io

from app.scoring import models
from app.scoring.bundles import MAGIC, pack, unpack
from app.scoring.model_file import Refused
from app.scoring.models import NAMES, TRAINERS, Model

ROWS = np.random.default_rng(1).random((600, len(NAMES)))
ROWS[:300, NAMES.index("mean_days_late")] = np.nan
LABELS = np.random.default_rng(2).random(600) < ROWS[:, 0]


def fitted(kind: str, slope: float = 1.0, offset: float = 0.0) -> Model:
    return Model(kind, TRAINERS[kind].fit(ROWS, LABELS, 7), slope, offset)


@pytest.fixture(scope="module")
def file() -> bytes:
    return pack(fitted("logistic"), feature_set=1)


def refusal(data: bytes, feature_set: int = 1) -> str:
    with pytest.raises(Refused) as refused:
        unpack(data, feature_set=feature_set)
    return refused.value.code


def changed(data: bytes, **values: Any) -> bytes:
    line, _, body = data[len(MAGIC) :].partition(b"\n")
    return MAGIC + json.dumps(json.loads(line) | values).encode() + b"\n" + body


@pytest.mark.parametrize("kind", TRAINERS)
def test_the_same_model_is_the_same_file_and_answers_as_before(kind: str) -> None:
    model = fitted(kind, slope=1.25, offset=-0.1)
    data = pack(model, feature_set=1)
    assert data == pack(fitted(kind, slope=1.25, offset=-0.1), feature_set=1)
    again = unpack(data, feature_set=1)
    assert (again.kind, again.slope, again.offset) == (kind, 1.25, -0.1)
    assert (again.answer(ROWS) == model.answer(ROWS)).all()


def test_what_is_not_of_this_program_is_refused_by_name(file: bytes) -> None:
    assert refusal(file, feature_set=2) == "other_features"
    assert refusal(changed(file, features=["age"])) == "other_features"
    assert refusal(changed(file, kind="oracle")) == "unknown_kind"
    assert refusal(changed(file, slope=None)) == "not_a_model"
    assert refusal(changed(file, slope=float("nan"))) == "not_a_model"
    assert refusal(changed(file, answers=[0.5] * 24)) == "other_answers"
    assert refusal(changed(file, answers=[])) == "not_a_model"
    assert refusal(file.replace(MAGIC, b"chhota-model 2\n")) == "unknown_format"
    assert refusal(MAGIC + b"[]\n") == "not_a_model"
    assert refusal(MAGIC + b"{" + b" " * 70_000) == "not_a_model"
    assert refusal(b"") == "not_a_model"


def test_a_model_of_one_kind_is_not_one_of_another(file: bytes) -> None:
    assert refusal(changed(file, kind="boosting")) == "not_a_model"


def test_nothing_hostile_is_run(file: bytes, tmp_path: Path) -> None:
    witness = tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return witness.write_text, ("ran",)

    header = file[: file.index(b"\n", len(MAGIC)) + 1]
    assert refusal(pickle.dumps(Hostile())) == "not_a_model"
    assert refusal(header + pickle.dumps(Hostile())) == "not_a_model"
    assert refusal(header + skops.io.dumps(Hostile())) == "strange_types"
    # What skops itself thinks harmless is refused too, where no model of ours holds it.
    assert refusal(header + skops.io.dumps(np.random.RandomState(1))) == "strange_types"
    assert not witness.exists()
    pickle.loads(pickle.dumps(Hostile()))
    assert witness.exists()


def test_another_kind_is_added_behind_the_same_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    class Share:
        """Answers one feature: a kind of model with a file format of its own."""

        kind, savers = "share", 1

        def fit(self, rows: np.ndarray, on_time: np.ndarray, seed: int) -> Share:
            return self

        def to_bytes(self, estimator: Any) -> bytes:
            return b"on_rate_12"

        def from_bytes(self, data: bytes) -> Share:
            if data != b"on_rate_12":
                raise Refused("not_a_model", "not a share")
            return self

        def predict_proba(self, rows: np.ndarray) -> np.ndarray:
            chance = np.clip(rows[:, NAMES.index("on_rate_12")], 0.0, 1.0)
            return np.column_stack([1 - chance, chance])

    monkeypatch.setitem(models.TRAINERS, "share", Share())
    data = pack(Model("share", Share()), feature_set=1)
    assert (unpack(data, feature_set=1).answer(ROWS) == ROWS[:, 0]).all()
    assert refusal(data[:-1]) == "not_a_model"
