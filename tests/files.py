"""Files as savers send them, and as somebody who means harm would: each made here, none kept."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from typing import Any

import pikepdf
from PIL import ExifTags, Image, ImageDraw

#: The test file of the antivirus makers, put together here so that no scanner takes this source for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
PLACE = (28.6139, 77.2090)


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 400), *, colour: str = "#c8682a", **how: Any) -> bytes:
    """A picture: a bright square in its upper left corner on a plain ground."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 4, size[1] // 4), fill="white")
    body = BytesIO()
    image.save(body, kind, **how)
    return body.getvalue()


def photo_of_a_phone() -> bytes:
    """A JPEG that lies on its side, and says where and with what it was taken, and more in a comment."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned by a quarter, clockwise
    exif[ExifTags.Base.Make] = "CANARYPHONE"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = PLACE
    return picture(exif=exif, comment=b"CANARY-COMMENT")


def with_an_archive(body: bytes) -> bytes:
    """A picture and a ZIP in one file: each program finds its own."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("CANARY.txt", "anything")
    return body + packed.getvalue()


def pixel_bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A whole PNG of so many pixels, one bit each, in a few kilobytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    line = b"\0" * (1 + width // 8)
    packer, packed = zlib.compressobj(9), []
    for _ in range(height):
        packed.append(packer.compress(line))
    packed.append(packer.flush())
    head = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"".join(packed)) + chunk(b"IEND", b"")


def pdf(change: Any = None, **how: Any) -> bytes:
    """A PDF of one page; ``change(pdf)`` is done to it first, ``how`` are pikepdf's words for saving."""
    body = BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(300, 200))
        made.docinfo["/Author"] = "CANARY-AUTHOR"
        if change is not None:
            change(made)
        made.save(body, **how)
    return body.getvalue()


def acting(made: pikepdf.Pdf) -> None:
    """A script that runs when it is opened."""
    made.Root.OpenAction = made.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="  app.alert"))


def acting_on_its_page(made: pikepdf.Pdf) -> None:
    """The same, deep within a page, where no list of scripts names it."""
    action = pikepdf.Dictionary(Type=pikepdf.Name.Action, S=pikepdf.Name.JavaScript, JS=made.make_stream(b"1"))
    made.pages[0].obj.AA = pikepdf.Dictionary(O=action)


def launching(made: pikepdf.Pdf) -> None:
    """A link that starts a program."""
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe"),
    )  # fmt: skip
    made.pages[0].obj.Annots = pikepdf.Array([made.make_indirect(link)])


def carrying(made: pikepdf.Pdf) -> None:
    """Another file within."""
    made.attachments["more.txt"] = b"anything"


def disguised() -> bytes:
    """A script whose name is written another way, which says the same to every reader."""
    plain = pdf(acting, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    # As long as before: a PDF says where each of its objects begins.
    return plain.replace(b"/JavaScript", b"/J#61vaScript").replace(b"(  app", b"(app")


PASSWORD = pikepdf.Encryption(owner="owner", user="1234")
OWNER_ONLY = pikepdf.Encryption(owner="owner", user="")
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 200
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
