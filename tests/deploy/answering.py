"""What gunicorn serves in the tests of its worker."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import Any


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answers by path; the body of a request is read by ``/echo`` alone."""
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return iter([b"", b"one,", b"two"])
    if path == "/file":
        start_response("200 OK", [("Content-Length", "6")])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"a file"))  # type: ignore[no-any-return]
    if path == "/breaks":
        start_response("200 OK", [("Content-Length", "10")])
        return _breaks()
    body = environ["wsgi.input"].read() if path == "/echo" else f"{path} {os.getpid()}".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def _breaks() -> Iterable[bytes]:
    yield b"half"
    raise RuntimeError
