"""Models as files: skops, so that reading one executes nothing, and the same model gives the same bytes."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

import skops.io

#: Everything beside skops' own list that a model file of ours may hold; anything more and it is refused.
TRUSTED: Final = ("numpy.dtype", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor")
_SCHEMA: Final = "schema.json"
_DATE: Final = (1980, 1, 1, 0, 0, 0)


class Refused(ValueError):
    """A file that is not read: it holds what no model of ours does, or is no model file at all."""


def dumps(model: Any) -> bytes:
    """The file of a fitted model. skops names its parts by places in memory and stamps them with the time: here they
    are numbered, and the time stands still."""
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
    """The model of a file. Raises Refused."""
    try:
        strange = set(skops.io.get_untrusted_types(data=data)) - set(TRUSTED)
        if strange:
            raise Refused(f"the file holds {', '.join(sorted(strange))}")
        return skops.io.loads(data, trusted=list(TRUSTED))
    except Refused:
        raise
    except Exception as error:  # a broken archive fails in as many ways as there are bytes
        raise Refused(f"the file is no model: {type(error).__name__}") from error


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
