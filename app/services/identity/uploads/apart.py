"""Files of strangers are opened in a process of its own, apart from everything worth having.

What decodes pictures and PDFs is large, written in C, and meets whatever anybody sends. So it runs without settings,
connections or anybody's data, with little memory, for a few seconds, and once for each file: what is made to exhaust
it, to lead it around in circles or to break it, ends there. The programs set their own limits and import nothing of
this one, so that starting them takes no longer than it must.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

SECONDS: Final = 10.0
GOOD: Final = 0
#: Exit code of a program that took too long.
ENDLESS: Final = -1000


def make_anew(program: str, *arguments: str, sent: bytes) -> tuple[int, bytes]:
    """Have ``program`` (a module beside this one) read ``sent``: its exit code, and what it made."""
    path = Path(__file__).with_name(f"{program}.py")
    try:
        # -I: no module of the environment's or the folder's. No word of the sender's stands among the arguments.
        done = subprocess.run(
            [sys.executable, "-I", str(path), *arguments],
            input=sent, capture_output=True, timeout=SECONDS, env={}, cwd="/", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return ENDLESS, b""
    return done.returncode, done.stdout
