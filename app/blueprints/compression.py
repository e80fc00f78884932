"""Answers made small on their way out, where their size tells nobody what is in them.

Whoever watches the line sees how long an answer is. If it holds a secret beside words of his own, he can guess the
secret letter by letter, since a right guess repeats what is there and is squeezed away (BREACH). Another site can bring
words of its own into one of our pages only by its address: the session's cookie does not travel with its forms and
pictures (SameSite). So a page whose address asks something goes out as it is, and so does what answers a form. Of the
API all that is read is made small: without a bearer token, which no other site has, nothing of anybody is in it.
Nor is the token of a form worth guessing: its signature is another one each second.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, request
from flask_compress import Compress

KINDS: Final = (
    "text/html",
    "text/css",
    "text/javascript",
    "image/svg+xml",
    "application/json",
    "application/manifest+json",
)
ALGORITHMS: Final = ("zstd", "br", "gzip")
#: Below this many bytes nothing is won: what does not fit into one packet begins a little above.
LEAST: Final = 1_000

_compress = Compress()


def init_app(app: Flask) -> None:
    """Have ``app`` compress; call it before whatever else works on answers, because it must come to them last."""
    settings: dict[str, Any] = {
        "COMPRESS_REGISTER": False,
        "COMPRESS_ALGORITHM": list(ALGORITHMS),
        "COMPRESS_MIMETYPES": list(KINDS),
        "COMPRESS_MIN_SIZE": LEAST,
        "COMPRESS_STREAMS": False,  # what is made piece by piece goes out piece by piece
        "COMPRESS_LEVEL": 5,
    }
    app.config.update(settings)
    _compress.init_app(app)
    static = f"{app.static_url_path}/"

    @app.after_request
    def made_small(response: Response) -> Response:
        if request.method != "GET" or response.status_code != 200 or response.mimetype not in KINDS:
            return response
        if request.path.startswith(static):
            response.direct_passthrough = False
            response.get_data()  # a file is read from a stream, and small enough to be held
        elif request.query_string and not request.path.startswith("/api/"):
            return response
        if not any(request.accept_encodings[name] for name in ALGORITHMS):
            response.vary.add("Accept-Encoding")
            return response
        return _compress.after_request(response)
