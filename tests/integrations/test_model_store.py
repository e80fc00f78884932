"""Models are kept whole or not at all, in the bucket or a folder, and found where they were put."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from app.errors import Unavailable
from app.integrations.model_store import ModelStore
from app.integrations.object_store import NullObjectStore

NAME = f"{'0' * 64}.model"


def unique() -> str:
    return f"{uuid4().hex}{uuid4().hex}.model"


def test_in_a_folder(tmp_path: Path) -> None:
    store = ModelStore(NullObjectStore(), tmp_path / "a" / "models")
    location = store.put(NAME, b"first", "text/plain")
    assert location == f"folder:{NAME}"
    assert store.get(location, most=10) == b"first"
    assert store.put(NAME, b"second", "text/plain") == location
    assert store.get(location, most=10) == b"second"
    assert store.get(location, most=3) == b"seco"  # enough to see that it is larger
    assert store.get(f"folder:{'1' * 64}.model", most=10) is None
    assert [path.name for path in (tmp_path / "a" / "models").iterdir()] == [NAME]


def test_in_a_bucket(app: Flask, tmp_path: Path) -> None:
    store, name = ModelStore(app.extensions["object_store"], tmp_path), unique()
    location = store.put(name, b"body", "text/plain")
    assert location == f"bucket:{name}"
    assert store.get(location, most=10) == b"body"
    assert app.extensions["object_store"].get(f"models/{name}") == b"body"
    assert store.get(f"bucket:{unique()}", most=10) is None
    assert not list(tmp_path.iterdir())
    # A bucket that is taken out of the settings later: its files are away, not gone.
    without = ModelStore(NullObjectStore(), tmp_path)
    with pytest.raises(Unavailable):
        without.get(location, most=10)


def test_what_was_kept_in_a_folder_is_found_after_a_bucket_was_configured(app: Flask, tmp_path: Path) -> None:
    location = ModelStore(NullObjectStore(), tmp_path).put(NAME, b"body", "text/plain")
    assert ModelStore(app.extensions["object_store"], tmp_path).get(location, most=10) == b"body"


@pytest.mark.parametrize("name", ["../x", f"{'0' * 64}", f"../{NAME}", f"{NAME}/..", "a.model", f"{'g' * 64}.model"])
def test_no_name_leads_elsewhere(tmp_path: Path, name: str) -> None:
    store = ModelStore(NullObjectStore(), tmp_path)
    with pytest.raises(ValueError, match="is no name"):
        store.put(name, b"", "text/plain")
    with pytest.raises(ValueError, match="is no name"):
        store.get(f"folder:{name}", most=1)
    with pytest.raises(ValueError, match="no place"):
        store.get(f"attic:{NAME}", most=1)


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    store = ModelStore(NullObjectStore(), tmp_path / "models")
    for call in (lambda: store.put(NAME, b"", "text/plain"), lambda: store.get(f"folder:{NAME}", most=1)):
        with pytest.raises(Unavailable) as refusal:
            call()
        assert refusal.value.code == "storage_unavailable"


def test_what_an_application_uses(new_app: Callable[..., Flask], tmp_path: Path) -> None:
    assert new_app().extensions["model_store"].place == "bucket"
    app = new_app(S3_ENDPOINT_URL="", S3_ACCESS_KEY_ID="", S3_SECRET_ACCESS_KEY="", MODEL_FOLDER=str(tmp_path / "m"))
    assert app.extensions["model_store"].place == "folder"
    assert app.extensions["model_store"].put(NAME, b"x", "text/plain") == f"folder:{NAME}"
    assert (tmp_path / "m" / NAME).read_bytes() == b"x"
