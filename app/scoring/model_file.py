"""Fitted estimators of scikit-learn as bytes: skops, so that reading one executes nothing, and the same one gives the
same bytes.

skops and scikit-learn are imported at their first use: they take a second that most processes never need.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

#: What of the types that a model file of ours may hold skops does not know as harmless.
TRUSTED: Final = ("numpy.dtype", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor")
#: All that any node of such a file may name; skops' own list is far longer. Anything else and the file is refused.
TYPES: Final = frozenset(
    {
        *("builtins.dict", "builtins.list", "builtins.str", "builtins.tuple"),
        *("numpy.dtype", "numpy.ndarray", "numpy.float64", "numpy.uint64", "numpy.random._generator.Generator"),
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._label.LabelEncoder",
    }
)
_SCHEMA: Final = "schema.json"
_DATE: Final = (1980, 1, 1, 0, 0, 0)


class Refused(ValueError):
    """A file that is not read. ``code`` says why in one snake_case word, the message in a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def dumps(model: Any) -> bytes:
    """The bytes of a fitted estimator. skops names its parts by places in memory and stamps them with the time: here
    they are numbered, and the time stands still."""
    import skops.io

    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as source:
        schema = json.loads(source.read(_SCHEMA))
        numbering = _Numbering()
        numbering.visit(schema)
        parts = {new: source.read(old) for old, new in numbering.files.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in [*sorted(parts.items()), (_SCHEMA, json.dumps(schema, indent=1).encode())]:
            file.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED, 6)
    return target.getvalue()


def loads(data: bytes) -> Any:
    """The estimator of a file. Raises Refused."""
    import skops.io

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            named = _types(json.loads(file.read(_SCHEMA)))
        strange = (named - TYPES) | (set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED))
        if strange:
            raise Refused("strange_types", f"the file holds {', '.join(sorted(strange))}")
        return skops.io.loads(data, trusted=list(TRUSTED))
    except Refused:
        raise
    except Exception as error:  # a broken archive fails in as many ways as there are bytes
        raise Refused("not_a_model", f"the file is no model: {type(error).__name__}") from error


def _types(node: Any) -> set[str]:
    """Every type, function or module's name that a schema mentions as one."""
    if isinstance(node, list):
        return set().union(*(_types(each) for each in node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*(_types(each) for each in node.values()))
    if "__class__" in node or "__module__" in node:
        found.add(f"{node.get('__module__')}.{node.get('__class__')}")
    return found


class _Numbering:
    """Gives the nodes of a schema numbers in their order; those that hold a file keep what they share."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self._shared: dict[tuple[int, str], int] = {}
        self._count = 0

    def visit(self, node: Any) -> None:
        if isinstance(node, list):
            for each in node:
                self.visit(each)
        elif isinstance(node, dict):
            if isinstance(node.get("__id__"), int):
                node["__id__"] = self._number(node)
            if isinstance(node.get("file"), str):
                extension = node["file"].partition(".")[2]
                node["file"] = self.files.setdefault(node["file"], f"{len(self.files):05}.{extension}")
            for each in node.values():
                self.visit(each)

    def _number(self, node: dict[str, Any]) -> int:
        self._count += 1
        # Texts and types are shared or not as the interpreter likes; nothing depends on it.
        if node.get("__loader__") in {"JsonNode", "TypeNode"}:
            return self._count
        return self._shared.setdefault((node["__id__"], node.get("__loader__", "")), self._count)
