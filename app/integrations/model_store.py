"""Where model files are kept: the object store, or a folder where none is configured.

A file is named by its digest and never changed, and each place has its word, so that a file is looked for where it was
put whatever is configured later.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from app.errors import Unavailable
from app.integrations.object_store import NullObjectStore, ObjectStore

BUCKET: Final = "bucket"
FOLDER: Final = "folder"
_PREFIX: Final = "models/"
_NAME: Final = re.compile(r"[0-9a-f]{64}\.[a-z.]{2,24}")


class ModelStore:
    """Files by name: a digest in hexadecimal and an ending, such as ``.model``. A location is the place and the name.

    Whoever reads compares the digest: nothing here trusts what lies there.
    """

    def __init__(self, bucket: ObjectStore, folder: Path) -> None:
        self._bucket = bucket
        self._folder = folder

    @property
    def place(self) -> str:
        """Where files are put now: ``bucket`` or ``folder``."""
        return FOLDER if isinstance(self._bucket, NullObjectStore) else BUCKET

    def put(self, name: str, body: bytes, content_type: str) -> str:
        """Keep ``body``; its location. Raises Unavailable (``storage_unavailable``)."""
        _check(name)
        place = self.place
        if place == BUCKET:
            self._bucket.put(f"{_PREFIX}{name}", body, content_type)
        else:
            self._write(name, body)
        return f"{place}:{name}"

    def get(self, location: str, *, most: int) -> bytes | None:
        """What lies there, None where nothing does. Of more than ``most`` bytes only so much that it shows.

        Raises Unavailable, ValueError for what is no location.
        """
        place, _, name = location.partition(":")
        _check(name)
        if place == BUCKET:
            return self._bucket.get(f"{_PREFIX}{name}")
        if place != FOLDER:
            raise ValueError(f"there is no place called {place!r}")
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(most + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _away() from error

    def _write(self, name: str, body: bytes) -> None:
        # Whole or not at all, whenever the machine goes down.
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self._folder / name)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _away() from error


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a model file")


def _away() -> Unavailable:
    return Unavailable("The models' folder cannot be read or written just now.", "storage_unavailable")


def model_store(config: dict[str, Any], bucket: ObjectStore, root: Path) -> ModelStore:
    """The store that ``config`` names; a folder that is no absolute path lies below ``root``."""
    return ModelStore(bucket, root / config["MODEL_FOLDER"])
