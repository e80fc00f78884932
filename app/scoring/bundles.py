"""A model as one file: a line that says what it is, then its estimator. The same model gives the same bytes.

Reading one checks all of it before and after: the format, the kind, the features that it was fitted on, and that it
still gives the answers that it gave when it was written, whatever library reads it now. Nothing in it is executed.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any, Final

import numpy as np

from app.scoring.features import Column
from app.scoring.model_file import Refused
from app.scoring.models import NAMES, TRAINERS, Model

MAGIC: Final = b"chhota-model 1\n"
#: How far an answer may lie from what it was: what adding up in another order comes to.
CLOSE: Final = 1e-9
_PROBES: Final = 24
_LONGEST_HEADER: Final = 65_536


def pack(model: Model, *, feature_set: int) -> bytes:
    """The file of ``model``; ``feature_set`` is the number of the features' definition."""
    header = {
        "kind": model.kind,
        "feature_set": feature_set,
        "features": list(NAMES),
        "slope": model.slope,
        "offset": model.offset,
        "answers": [float(chance) for chance in model.answer(_probes())],
    }
    line = json.dumps(header, sort_keys=True, allow_nan=False).encode()
    return MAGIC + line + b"\n" + TRAINERS[model.kind].to_bytes(model.estimator)


def unpack(data: bytes, *, feature_set: int) -> Model:
    """The model of a file. Raises Refused, whose code says why."""
    if not data.startswith(MAGIC):
        word = data.partition(b"\n")[0][:32]
        if word.startswith(MAGIC.partition(b" ")[0] + b" "):
            raise Refused("unknown_format", f"this program does not know the format {word.decode(errors='replace')!r}")
        raise Refused("not_a_model", "the file is no model of Chhota's")
    line, _, body = data[len(MAGIC) :].partition(b"\n")
    header = _header(line)
    trainer = TRAINERS.get(str(header.get("kind")))
    if trainer is None:
        raise Refused("unknown_kind", f"this program knows no kind of model called {header.get('kind')!r}")
    if header.get("features") != list(NAMES) or header.get("feature_set") != feature_set:
        raise Refused("other_features", "the model was fitted on other features than this program measures")
    slope, offset = (_number(header, name) for name in ("slope", "offset"))
    model = Model(trainer.kind, trainer.from_bytes(body), slope, offset)
    _check_answers(model, header.get("answers"))
    return model


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line) if len(line) <= _LONGEST_HEADER else None
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise Refused("not_a_model", "the file does not say what it is")
    return header


def _number(header: dict[str, Any], name: str) -> float:
    value = header.get(name)
    if not isinstance(value, float) or not isfinite(value):
        raise Refused("not_a_model", f"the file's {name} is no number")
    return value


def _check_answers(model: Model, answers: object) -> None:
    if not isinstance(answers, list) or len(answers) != _PROBES:
        raise Refused("not_a_model", "the file does not say what the model answers")
    try:
        now = model.answer(_probes())
        same = np.allclose(now, np.array(answers, dtype=np.float64), rtol=0.0, atol=CLOSE)
    except Exception as error:  # an estimator of other libraries fails in its own ways
        raise Refused("other_answers", f"the model does not answer: {type(error).__name__}") from error
    if not same:
        raise Refused("other_answers", "the model does not answer as it did when it was written")


def _probes() -> Column:
    """Rows to ask a model about: made by hand, so that they are the same on any machine, some of them unknown."""
    rows = np.array([[(row * (2 * column + 3)) % 13 for column in range(len(NAMES))] for row in range(_PROBES)], float)
    rows[::2] /= 12.0
    for name in ("mean_days_late", "last_days_late"):
        rows[::3, NAMES.index(name)] = np.nan
    return rows
