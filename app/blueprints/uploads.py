"""Views that take a file: how large a body they read, and the one file out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from werkzeug.datastructures import FileStorage

View = TypeVar("View", bound=Callable[..., Any])
#: Besides the file: the other fields, and what stands between them.
REST_OF_THE_BODY = 65_536


def takes_file(times: int = 1) -> Callable[[View], View]:
    """Declare that a view takes a file. ``times``: what it reads, in files of the size that is taken.

    A page reads more than it takes, so that it can say beside its own form that a photo is too large.
    """

    def decorate(view: View) -> View:
        view.room_for_files = times  # type: ignore[attr-defined]
        return view

    return decorate


def room_of(view: Any, config: Mapping[str, Any]) -> int:
    """The largest body that ``view`` reads, in bytes."""
    times: int = getattr(view, "room_for_files", 0)
    if times:
        return times * int(config["UPLOAD_MAX_BYTES"]) + REST_OF_THE_BODY
    return int(config["MAX_CONTENT_LENGTH"])


def chosen(files: Sequence[FileStorage]) -> list[FileStorage]:
    """Without the fields of a form in which nobody chose anything: browsers send those too, without a name."""
    return [file for file in files if file.filename]
