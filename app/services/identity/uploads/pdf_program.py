"""A program (see apart.py): a PDF looked through for what acts by itself, and written anew without its metadata.

qpdf, by way of pikepdf, reads what broken and hostile writers make: names in disguise (``/J#61vaScript``) and objects
within compressed streams, which a search through the bytes does not find. Nothing damaged is repaired. What no page
leads to is not written again, and neither is what stands before or behind the document.
"""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from io import BytesIO

import pikepdf

GOOD, UNSAFE, ENCRYPTED, UNREADABLE = 0, 10, 11, 12
MEMORY = 1 << 30
CPU_SECONDS = 8
MOST_PAGES = 100
#: Deeper than any paper nests within one object.
DEEPEST = 60
# Entries that only something has which acts by itself or carries another file; kinds of actions, and of objects.
ENTRIES = frozenset(
    {"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent", "/RichMediaSettings", "/Collection"}
)
ACTIONS = frozenset(
    {
        *("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/ResetForm", "/GoToE", "/GoToR", "/Rendition"),
        *("/Movie", "/Sound", "/RichMediaExecute", "/GoTo3DView"),
    }
)
KINDS = frozenset({"/EmbeddedFile", "/Filespec", "/RichMedia", "/Screen", "/3D", "/Movie", "/Sound", "/FileAttachment"})


def main() -> int:
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
        with pikepdf.open(BytesIO(sys.stdin.buffer.read()), attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                return ENCRYPTED
            if any(acts(each) for each in pdf.objects) or acts(pdf.Root):
                return UNSAFE
            if not 1 <= len(pdf.pages) <= MOST_PAGES:
                return UNREADABLE
            for owner, name in ((pdf.Root, "/Metadata"), (pdf.trailer, "/Info")):
                if name in owner:
                    del owner[name]
            pdf.save(written)
    except pikepdf.PasswordError:
        return ENCRYPTED
    except Exception:  # whatever it is, the file cannot be read as what it should be
        return UNREADABLE
    sys.stdout.buffer.write(written.getvalue())
    return GOOD


def acts(thing: pikepdf.Object) -> bool:
    """Whether anything in an object, down to the references it holds, acts by itself or carries a file."""
    waiting: list[tuple[object, int]] = [(thing, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            return True
        if isinstance(one, pikepdf.Array):
            children = list(one)
        elif isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            held = dict((one.stream_dict if isinstance(one, pikepdf.Stream) else one).items())
            if ENTRIES & held.keys() or str(held.get("/S")) in ACTIONS:
                return True
            if any(str(held.get(name)) in KINDS for name in ("/Type", "/Subtype")):
                return True
            children = list(held.values())
        else:
            continue
        waiting += [
            (child, depth + 1) for child in children if isinstance(child, pikepdf.Object) and not child.is_indirect
        ]
    return False


if __name__ == "__main__":
    sys.exit(main())
