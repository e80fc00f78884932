"""A program (see apart.py): one page of a PDF drawn as a JPEG, or how many pages it has.

Staff see a picture of a stranger's PDF and never the file: their browser has nothing to run, to fill in or to follow.
Arguments: the number of the page (0: count them), and the longest edge of what is written, in pixels.
"""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from io import BytesIO

import pypdfium2

GOOD, UNREADABLE, NO_SUCH_PAGE = 0, 12, 13
MEMORY = 1 << 30
CPU_SECONDS = 8
QUALITY = 88


def main(number: int, edge: int) -> int:
    """Read from standard input, write to standard output."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # a system without that limit
            resource.setrlimit(limit, (value, value))
    written = BytesIO()
    try:
        with pypdfium2.PdfDocument(sys.stdin.buffer.read()) as document:
            if number == 0:
                written.write(str(len(document)).encode())
            elif number > len(document):
                return NO_SUCH_PAGE
            else:
                page = document[number - 1]
                # By the scale the picture keeps its shape, however long or small the page is said to be.
                drawn = page.render(scale=edge / max(1.0, *page.get_size()))
                drawn.to_pil().convert("RGB").save(written, "JPEG", quality=QUALITY)
    except Exception:  # whatever it is, the file cannot be drawn
        return UNREADABLE
    sys.stdout.buffer.write(written.getvalue())
    return GOOD


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
