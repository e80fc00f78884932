"""The watch over the whole suite: no line of the log may hold what a test's people typed or were given.

Every test sends addresses, numbers and passwords, and gets tokens; all of them are canaries. The lines that the
application writes in the test's process are looked at as they are written, whichever test it is.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from tests.canaries import AADHAAR, ADDRESS, PAN, PASSPHRASE, PHONE

# Those of tests/canaries.py, and what factories make: addresses, numbers, the password of all, any token.
PERSONAL = re.compile(
    "|".join(
        [
            *map(re.escape, (PAN, PASSPHRASE, ADDRESS, "kettle drum monsoon")),
            rf"(?<![\w-]){PHONE}(?![\w-])",
            rf"(?<![\w-]){AADHAAR}(?![\w-])",
            r"saver-[0-9a-f]{12}@",
            r"\+91\d{10}",
            r"eyJ[\w-]{8,}\.[\w-]{8,}",
        ]
    )
)
LEVELS = ("msg", "debug", "info", "warning", "warn", "error", "critical", "exception", "fatal", "log")
_found: list[str] = []
_seen: list[str] | None = None


def watch() -> None:
    """Look at every line from now on; nothing to do before the application's log is imported, or twice."""
    module: Any = sys.modules.get("app.observability.logs")
    if module is None or getattr(module, "_watched", False):
        return
    written = module._StandardError.msg

    def look(self: Any, line: bytes) -> None:
        text = line.decode(errors="replace")
        if _seen is not None:
            _seen.append(text)
        if PERSONAL.search(text):
            _found.append(text)
        written(self, line)

    for level in LEVELS:
        setattr(module._StandardError, level, look)
    module._watched = True


def taken() -> list[str]:
    """The lines that hold something personal, since the last call."""
    lines = list(_found)
    _found.clear()
    return lines


class Lines:
    """Every line that is written within the block."""

    def __enter__(self) -> list[str]:
        global _seen
        watch()
        _seen = []
        return _seen

    def __exit__(self, *_: object) -> None:
        global _seen
        _seen = None
