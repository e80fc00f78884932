"""Model files: written under their digest with the card beside them, read only where everything about them holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from flask import current_app

from app.errors import Unavailable
from app.integrations.model_store import ModelStore
from app.scoring.bundles import pack, unpack
from app.scoring.model_file import Refused
from app.scoring.models import Model
from app.services.credit.calibration_plot import calibration_svg
from app.services.credit.cards import as_markdown, without_baseline
from app.services.credit.scoring import FEATURE_SET


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model as its row has it. ``trouble``: why it could not be taken into service, a code, and since when."""

    version: str
    kind: str
    status: str
    location: str
    sha256: bytes
    size: int
    created_at: datetime
    promoted_at: datetime | None
    retired_at: datetime | None
    trouble: str | None
    trouble_since: datetime | None


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that was written."""

    kind: str
    location: str
    sha256: bytes
    size: int


def write(model: Model, card: dict[str, Any]) -> ModelFile:
    """Write the file of ``model``; beside it its card, as JSON and as a page, and its calibration as a picture.

    The same model is the same file, however often it is written. Raises Unavailable where it cannot be kept.
    """
    body = pack(model, feature_set=FEATURE_SET)
    digest = sha256(body)
    store, name, title = _store(), digest.hexdigest(), f"{model.kind} {digest.hexdigest()[:12]}"
    ece = card["metrics"][model.kind]["ece"]
    for ending, text, content_type in (
        ("card.json", json.dumps(without_baseline(card), indent=1, ensure_ascii=False), "application/json"),
        ("card.md", as_markdown(title, card), "text/markdown; charset=utf-8"),
        ("calibration.svg", calibration_svg(title, card["calibration"], ece=ece), "image/svg+xml"),
    ):
        store.put(f"{name}.{ending}", text.encode(), content_type)
    location = store.put(f"{name}.model", body, "application/octet-stream")
    return ModelFile(model.kind, location, digest.digest(), len(body))


def read(kept: KeptModel) -> Model:
    """The model of the row. Nothing of the file is looked into before its size and digest are those of the row.

    Raises Refused, whose code says what is wrong.
    """
    try:
        body = _store().get(kept.location, most=kept.size)
    except Unavailable as error:
        raise Refused("storage_unavailable", "the file cannot be fetched: the store does not answer") from error
    except ValueError as error:
        raise Refused("file_missing", "the row does not say where the file is") from error
    if body is None:
        raise Refused("file_missing", "the file is gone")
    if len(body) != kept.size:
        raise Refused("size_differs", f"the file does not have the {kept.size} bytes that were written")
    if sha256(body).digest() != kept.sha256:
        raise Refused("digest_differs", "the file is not the one that was written")
    model = unpack(body, feature_set=FEATURE_SET)
    if model.kind != kept.kind:
        raise Refused("kind_differs", f"the file holds a {model.kind}, its row says {kept.kind}")
    return model


def _store() -> ModelStore:
    store: ModelStore = current_app.extensions["model_store"]
    return store
