"""The process behind ``pdf.typeset``: a request as JSON on stdin, a PDF on stdout. Imports nothing of the product."""

from __future__ import annotations

import json
import sys

import typst


def main() -> None:
    """Read, typeset, write; a TypstError leaves by the traceback."""
    request = json.load(sys.stdin.buffer)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[request["fonts"]])
    document = typst.compile(
        input=request["input"],
        root=request["root"],
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"values": request["values"]},
        timestamp=request["timestamp"],
        format="pdf",
    )
    sys.stdout.buffer.write(document)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
