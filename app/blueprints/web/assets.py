"""The version of the static files, which their addresses carry: a changed file is a new address."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path

from flask import Flask


def version_of(app: Flask) -> Callable[[], str]:
    """A function for the present version: read once, or anew for each page where files are being edited."""
    folder = Path(app.static_folder or "")
    if app.config["APP_ENV"] == "development":
        return lambda: _digest(f"{path.name} {path.stat().st_mtime_ns}".encode() for path in _files(folder))
    fixed = _digest(path.read_bytes() for path in _files(folder))
    return lambda: fixed


def _files(folder: Path) -> list[Path]:
    return sorted(
        [
            *folder.glob("css/*"),
            *folder.glob("js/*"),
            *folder.glob("badges/**/*.svg"),
            *folder.glob("icons/*"),
            *folder.glob("*.*"),
        ]
    )


def _digest(parts: Iterable[bytes]) -> str:
    digest = blake2b(digest_size=5)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
