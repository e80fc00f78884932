"""A saver's own data as a file to keep."""

from __future__ import annotations

from datetime import datetime
from typing import IO

from flask import Response, send_file


def answer(file: IO[bytes], *, at: datetime) -> Response:
    """``file`` as a download that nobody keeps on the way; it is closed once it is sent."""
    response: Response = send_file(
        file,
        mimetype="application/json",
        as_attachment=True,
        download_name=f"chhota-{at:%Y-%m-%d}.json",
        max_age=0,
        etag=False,
        conditional=False,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
