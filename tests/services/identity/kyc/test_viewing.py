"""Papers as pictures: drawn apart, whatever a stranger's file makes of it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from app.errors import DomainError, NotFound
from app.services.identity.kyc import review, viewing
from app.services.identity.uploads.apart import make_anew
from app.transactions import run
from tests import factories, files
from tests.factories import Saver


def sent(app: Flask, saver: Saver, body: bytes) -> review.Document:
    paper = saver.upload("/api/kyc-upload/", body, document_type="pan").json["kyc"]["id"]
    with app.app_context():
        by = factories.make_staff(app).id
        return run(lambda: review.reviewed(paper, by))


def test_a_photo_is_its_own_picture(app: Flask, saver: Saver) -> None:
    document = sent(app, saver, files.picture("PNG"))
    with app.app_context():
        assert viewing.pages(document) == 1
        assert Image.open(BytesIO(viewing.picture(document, 1))).format == "JPEG"
        for number in (0, -1, 2):
            with pytest.raises(NotFound):
                viewing.picture(document, number)


def test_a_pdf_is_drawn_page_by_page(app: Flask, saver: Saver) -> None:
    document = sent(app, saver, files.pdf(lambda made: made.add_blank_page(page_size=(10, 5000))))
    with app.app_context():
        assert viewing.pages(document) == 2
        assert Image.open(BytesIO(viewing.picture(document, 1))).size == (2400, 1600)
        assert max(Image.open(BytesIO(viewing.picture(document, 2))).size) == 2400
        with pytest.raises(DomainError, match="not_drawable"):
            viewing.picture(document, 3)


def test_what_is_gone_has_no_pages(app: Flask, saver: Saver) -> None:
    document = sent(app, saver, files.picture())
    with app.app_context():
        app.extensions["object_store"].delete(document.key)
        assert viewing.pages(document) == 0
        with pytest.raises(NotFound):
            viewing.picture(document, 1)


@pytest.mark.parametrize("body", [b"", b"%PDF-1.7", files.picture(), files.pdf()[:200]])
@pytest.mark.parametrize("number", ["0", "1"])
def test_what_is_no_pdf_ends_there(body: Any, number: str) -> None:
    code, made = make_anew("sheet_program", number, "100", sent=body)
    assert code != 0
    assert made == b""
