"""What a file is, by its content and never by its name, and what is kept of it: pictures and papers made anew.

Refusals: DomainError ``unsupported_media_type`` for what is no picture or PDF, ``payload_too_large``; Invalid
``invalid_file`` for what cannot be read, ``unsafe_file`` for what could harm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from flask import current_app

from app.errors import DomainError, Invalid
from app.observability import get_logger
from app.sentences import Sentence
from app.services.identity.uploads.apart import GOOD, make_anew

#: Longest edges in pixels: a page of A4 stays readable to its small print; a photo as large as it is shown.
PAPER_EDGE: Final = 2_400
PHOTO_EDGE: Final = 384
JAR_EDGE: Final = 1_080

Kind = Literal["jpeg", "png", "pdf"]
log = get_logger()

#: What the exit codes of the programs mean; any other is that of a program that broke.
DAMAGED: Final = (
    "invalid_file",
    Sentence("This file is damaged or not whole. Please take the photo again, or save the file anew."),
)
REFUSED: Final = {
    10: ("unsafe_file", Sentence("This PDF can do things by itself. Send a photo of the paper, or a plain PDF.")),
    11: (
        "unsafe_file",
        Sentence("This PDF asks for a password. Send a photo of the paper, or a PDF without a password."),
    ),
    12: DAMAGED,
    20: ("invalid_file", Sentence("This picture has too many pixels to be opened here. Please send a smaller one.")),
    21: ("invalid_file", Sentence("This picture is too small to show anything.")),
    22: DAMAGED,
}


@dataclass(frozen=True, slots=True)
class Content:
    """What is kept of a file. ``sent`` is the file as it came, for the scanner alone."""

    body: bytes
    content_type: str
    ending: str
    sent: bytes


def of_paper(sent: bytes | None) -> Content:
    """An identity paper: a JPEG or PNG, kept as a JPEG, or a PDF."""
    sent, kind = _judged(sent, papers=True)
    if kind == "pdf":
        return Content(_made_anew("pdf_program", sent=sent), "application/pdf", "pdf", sent)
    return _picture(sent, kind, edge=PAPER_EDGE, square=False)


def of_photo(sent: bytes | None) -> Content:
    """A photo of the saver: the middle square of a JPEG or PNG."""
    sent, kind = _judged(sent, papers=False)
    return _picture(sent, kind, edge=PHOTO_EDGE, square=True)


def of_jar_picture(sent: bytes | None) -> Content:
    """A picture of what a jar is for."""
    sent, kind = _judged(sent, papers=False)
    return _picture(sent, kind, edge=JAR_EDGE, square=False)


def _picture(sent: bytes, kind: Kind, *, edge: int, square: bool) -> Content:
    most = str(current_app.config["UPLOAD_MAX_PIXELS"])
    body = _made_anew("picture_program", kind, most, str(edge), "square" if square else "whole", sent=sent)
    return Content(body, "image/jpeg", "jpg", sent)


def _made_anew(program: str, *arguments: str, sent: bytes) -> bytes:
    code, made = make_anew(program, *arguments, sent=sent)
    if code == GOOD and made:
        return made
    refused, said = REFUSED.get(code, DAMAGED)
    if code not in REFUSED:
        log.info("file_not_readable", kind=program, code=code)
    raise Invalid({"file": [said]}, code=refused)


def _judged(sent: bytes | None, *, papers: bool) -> tuple[bytes, Kind]:
    if not sent:
        raise Invalid({"file": [Sentence("Choose one file that is not empty.")]}, code="invalid_file")
    most = current_app.config["UPLOAD_MAX_BYTES"]
    if len(sent) > most:
        said = Sentence("This file has more than %(most)s MB, which is the most that is taken.", most=most >> 20)
        raise DomainError("payload_too_large", said, {"file": [said]})
    kind = _kind(sent)
    if kind is None or (kind == "pdf" and not papers):
        if sent[4:8] == b"ftyp" and sent[8:12] in HEIF:
            said = Sentence("This is a HEIC photo, which not every screen can show. Send it as a JPEG.")
        elif papers:
            said = Sentence("Send a photo as JPEG or PNG, or a PDF. What counts is what is in the file, not its name.")
        else:
            said = Sentence("Send a picture as JPEG or PNG. What counts is what is in the file, not its name.")
        raise DomainError("unsupported_media_type", said, {"file": [said]})
    return sent, kind


HEIF: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})


def _kind(sent: bytes) -> Kind | None:
    if sent.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if sent.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "pdf" if sent.startswith(b"%PDF-") else None
