"""Strangers' files are opened in a process that has nothing, can do little, and does not last."""

from __future__ import annotations

import struct
import sys
import time
import zlib
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from app.services.identity.uploads import apart
from app.services.identity.uploads.apart import ENDLESS, GOOD, make_anew
from tests import files

PICTURE = ("picture_program", "jpeg", "25000000", "400", "whole")


def of_many_scans(scans: int) -> bytes:
    """A progressive JPEG of 24 million pixels whose every scan, a few bytes long, goes over all of them again."""
    body = BytesIO()
    Image.new("L", (4_900, 4_900)).save(body, "JPEG", progressive=True, optimize=True)
    whole = body.getvalue()
    # The last scan once more, again and again. On an even ground a few bytes say that nothing changes.
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    assert len(scan) < 100
    return whole[:-2] + scan * scans + whole[-2:]


def test_a_picture_of_endless_scans_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_anew(*PICTURE, sent=of_many_scans(2))[0] == GOOD
    monkeypatch.setattr(apart, "SECONDS", 2.0)
    sent = of_many_scans(40_000)
    assert len(sent) < 5 << 20
    began = time.monotonic()
    assert make_anew(*PICTURE, sent=sent) == (ENDLESS, b"")
    assert time.monotonic() - began < 5


def test_a_program_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text("while True: pass")
    monkeypatch.setattr(apart, "SECONDS", 0.5)
    monkeypatch.setattr(apart, "__file__", str(tmp_path / "apart.py"))
    began = time.monotonic()
    assert make_anew("endless", sent=b"") == (ENDLESS, b"")
    assert time.monotonic() - began < 3


def test_it_has_no_settings_and_no_modules_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # Error reports give a program the id of the request that it belongs to.
    (tmp_path / "look.py").write_text(
        "import os, sys\n"
        "names = [n for n in os.environ if n != 'LC_CTYPE' and not n.startswith('SUBPROCESS_')]\n"
        "ours = [m for m in sys.modules if m.split('.')[0] in ('app', 'config', 'flask')]\n"
        "sys.stdout.write(repr([names, os.getcwd(), sys.flags.isolated, ours]))"
    )
    monkeypatch.setenv("SECRET_KEY", "canary")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(apart, "__file__", str(tmp_path / "apart.py"))
    code, said = make_anew("look", sent=b"")
    assert (code, said.decode()) == (GOOD, repr([[], "/", 1, []]))


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS sets no limit on memory")
def test_a_pdf_that_unfolds_to_gigabytes_ends() -> None:
    """An object stream of five megabytes that is five gigabytes once it is unpacked."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"1 0 ") + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b"0 " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    body = head + 1_500 * block  # each block stands for itself
    assert len(body) < 5 << 20
    made = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.Extra = pdf.make_indirect(pikepdf.Dictionary())
        pdf.save(made, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    plain = made.getvalue()
    # By hand: a cross-reference stream that says that the catalogue lies within the packed one.
    stream = b"9 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(body)
    entries = b"".join(struct.pack("!BIH", *entry) for entry in ((0, 0, 65535), (2, 9, 0)))
    begin = b"%PDF-1.5\n"
    xref = b"10 0 obj\n<</Type/XRef/Size 11/W[1 4 2]/Index[0 2 9 2]/Root 1 0 R/Length %d>>stream\n"
    at_stream = len(begin)
    objects = begin + stream + body + b"\nendstream\nendobj\n"
    entries += struct.pack("!BIH", 1, at_stream, 0) + struct.pack("!BIH", 1, len(objects), 0)
    bomb = objects + xref % len(entries) + entries + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF" % len(objects)
    began = time.monotonic()
    code, said = make_anew("pdf_program", sent=bomb)
    assert (code != GOOD, said) == (True, b"")
    assert time.monotonic() - began < 12
    assert make_anew("pdf_program", sent=plain)[0] == GOOD


def test_every_way_to_hide_a_script_is_one() -> None:
    """Directly, indirectly, in a list of names, in an array of arrays, and in an object that nothing leads to."""

    def named(pdf: pikepdf.Pdf) -> None:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="1")
        pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=["x", pdf.make_indirect(script)]))

    def nested(pdf: pikepdf.Pdf) -> None:
        deep: object = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="1")
        for _ in range(20):
            deep = pikepdf.Array([deep])
        pdf.pages[0].obj.Deep = deep

    def bottomless(pdf: pikepdf.Pdf) -> None:
        deep: object = pikepdf.Dictionary(Plain=1)
        for _ in range(80):
            deep = pikepdf.Array([deep])
        pdf.pages[0].obj.Deep = deep

    def further(pdf: pikepdf.Pdf) -> None:
        first = pikepdf.Dictionary(S=pikepdf.Name.GoTo, D=[pdf.pages[0].obj, pikepdf.Name.Fit])
        first.Next = pikepdf.Dictionary(S=pikepdf.Name.SubmitForm, F="https://elsewhere.example")
        pdf.Root.OpenAction = first

    def form(pdf: pikepdf.Pdf) -> None:
        pdf.Root.AcroForm = pikepdf.Dictionary(XFA=pdf.make_stream(b"<xdp/>"), Fields=[])

    def annotated(pdf: pikepdf.Pdf) -> None:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FileAttachment, Rect=[0, 0, 1, 1])
        pdf.pages[0].obj.Annots = pikepdf.Array([note])

    for change in (named, nested, bottomless, further, form, annotated):
        for mode in (pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate):
            code, _ = make_anew("pdf_program", sent=files.pdf(change, object_stream_mode=mode))
            assert code == 10, (change.__name__, mode)


def test_a_plain_pdf_with_a_link_and_a_table_of_contents_is_taken() -> None:
    def plain(pdf: pikepdf.Pdf) -> None:
        go = pikepdf.Dictionary(S=pikepdf.Name.GoTo, D=[pdf.pages[0].obj, pikepdf.Name.Fit])
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9],
            A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://uidai.gov.in"),
        )  # fmt: skip
        pdf.pages[0].obj.Annots = pikepdf.Array([link])
        pdf.Root.OpenAction = go
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Page", 0))

    for version in ("1.4", "1.7", "2.0"):
        code, made = make_anew("pdf_program", sent=files.pdf(plain, min_version=version))
        assert code == GOOD
        with pikepdf.open(BytesIO(made)) as again:
            assert len(again.pages) == 1
            assert "/Info" not in again.trailer
