"""Typst templates to PDF, each in a short-lived process of its own.

Typst keeps what it has computed for the life of its process: in a web worker every long document would stay in memory
(170 MB for 2,000 table rows). A process costs 0.1 s, ends with the document, and can be given up on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from app.errors import Unavailable

HERE = Path(__file__).parent
TIME_LIMIT = 20  # seconds


def typeset(template: str, values: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """The PDF of ``templates/<template>.typ`` with ``values`` (JSON), its creation date ``made_at``.

    What a person wrote is data to the template and never markup. Raises Unavailable where it takes too long, and
    RuntimeError with the typesetter's words for a template that is wrong.
    """
    request = {
        "input": str(HERE / "templates" / f"{template}.typ"),
        "root": str(HERE / "templates"),
        "fonts": str(HERE / "fonts"),
        "values": json.dumps(values, ensure_ascii=False),
        "timestamp": int(made_at.timestamp()),
    }
    try:
        # -I: neither the environment nor the working directory decides what the process imports.
        done = subprocess.run(
            [sys.executable, "-I", str(HERE / "typesetter.py")],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("The document took too long to draw. Ask for fewer days, or try again.") from error
    if done.returncode:
        raise RuntimeError(f"{template}.typ: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout
