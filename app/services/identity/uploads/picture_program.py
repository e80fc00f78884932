"""A program (see apart.py): a picture decoded and written anew as a JPEG, upright, with nothing but its pixels.

Where it was taken and with which device (EXIF), comments, colour profiles, other frames, and whatever stands behind the
end of the picture, such as an archive, stay behind. Arguments: jpeg or png, the most pixels, the longest edge of what
is written, and "square" for the middle of it.
"""

from __future__ import annotations

import resource
import sys
from contextlib import suppress
from io import BytesIO

from PIL import Image, ImageFile, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin

GOOD, TOO_MANY_PIXELS, TOO_SMALL, UNREADABLE = 0, 20, 21, 22
MEMORY = 1 << 30
CPU_SECONDS = 8
QUALITY = 88
WHITE = (255, 255, 255)
#: A strip of one pixel's height is no picture of anything.
LEAST_EDGE = 16
# Loaded before memory is short; a phone's JPEG may hold a second picture behind the first (MPO).
DECODERS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin)


def main(kind: str, most: int, edge: int, shape: str) -> int:
    """Read from standard input, write to standard output."""
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(OSError, ValueError):  # a system without that limit
            resource.setrlimit(limit, (value, value))
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    Image.MAX_IMAGE_PIXELS = None  # what follows is stricter
    try:
        with Image.open(BytesIO(sys.stdin.buffer.read()), formats=(kind.upper(),)) as image:
            width, height = image.size  # as its head says: nothing is decoded yet
            if width * height > most:
                return TOO_MANY_PIXELS
            if min(width, height) < LEAST_EDGE:
                return TOO_SMALL
            image.draft("RGB", (edge, edge))  # a JPEG's decoder can leave out what is not kept
            image.load()
            body = written(image, edge, square=shape == "square")
    except Exception:  # decoders raise many things at a file that is broken, or made to break them
        return UNREADABLE
    sys.stdout.buffer.write(body)
    return GOOD


def written(image: Image.Image, edge: int, *, square: bool) -> bytes:
    """The JPEG of a decoded picture."""
    upright = ImageOps.exif_transpose(image)
    transparent = upright.mode in {"LA", "PA", "RGBA"} or "transparency" in upright.info
    upright = upright.convert("RGBA" if transparent else "RGB")
    if square:
        side = min(edge, *upright.size)
        upright = ImageOps.fit(upright, (side, side), Image.Resampling.BICUBIC)
    else:
        upright.thumbnail((edge, edge), Image.Resampling.BICUBIC, reducing_gap=2.0)
    # A new picture carries nothing of the old one but its pixels.
    fresh = Image.new("RGB", upright.size, WHITE)
    fresh.paste(upright, mask=upright if transparent else None)
    body = BytesIO()
    fresh.save(body, "JPEG", quality=QUALITY)
    return body.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
