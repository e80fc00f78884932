"""Identity papers and pictures through the API."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import urllib3
from flask import Flask
from PIL import Image

from app import clock
from app.services.identity.kyc import review
from app.transactions import fetch, run
from tests import factories, files
from tests.factories import Saver


def send(saver: Saver, body: bytes | None, name: str = "paper.jpg", **values: str) -> Any:
    data: dict[str, Any] = {"document_type": "pan"} | values
    if body is not None:
        data["file"] = (BytesIO(body), name)
    return saver.post("/api/kyc-upload/", data=data, content_type="multipart/form-data")


def stored(app: Flask, saver: Saver) -> bytes:
    """What the store holds as the saver's paper."""
    with app.app_context():
        ((key,),) = run(lambda: fetch("SELECT kyc_file FROM users WHERE id = %s", (saver.id,)))
        body: bytes = app.extensions["object_store"].get(key)
    return body


def test_a_paper_is_taken_in_and_waits(saver: Saver) -> None:
    assert saver.get("/api/kyc/").json == {"status": "none", "documents": []}
    answer = send(saver, files.picture(), document_number="acupa7085r")
    assert answer.status_code == 201, answer.json
    kyc = answer.json["kyc"]
    assert set(kyc) == {"id", "document_type", "status", "uploaded_at"}
    assert (kyc["document_type"], kyc["status"]) == ("pan", "pending")
    seen = saver.get("/api/kyc/").json
    assert seen["status"] == "pending"
    more = {"number": "ACUPAXXXXR", "reason": None, "reason_text": None, "decided_at": None}
    assert seen["documents"] == [kyc | more]
    assert saver.get("/api/profile/").json["user"]["kyc_status"] == "pending"


def test_why_a_paper_was_not_accepted_is_said_in_the_saver_s_language(app: Flask) -> None:
    for language, words in (("en", "Its date has passed."), ("hi", "इसकी तारीख़ निकल चुकी है।")):
        saver = factories.make_saver(app, language=language)
        paper = UUID(send(saver, files.picture()).json["kyc"]["id"])
        with app.app_context():
            by = factories.make_staff(app).id
            run(partial(review.decide, paper, "rejected", reason="expired", by=by, at=clock.now()))
        (seen,) = saver.get("/api/kyc/").json["documents"]
        assert (seen["status"], seen["reason"]) == ("rejected", "expired")
        assert seen["reason_text"].startswith(words)
        assert seen["decided_at"]


def test_what_one_saver_sends_at_once_keeps_to_the_limits(new_app: Callable[..., Flask]) -> None:
    app = new_app(UPLOADS_A_DAY="3")
    saver, gate, answers = factories.make_saver(app), threading.Barrier(8), []
    sent = files.picture(size=(40, 40))

    def work() -> None:
        data = {"document_type": "pan", "file": (BytesIO(sent), "a.jpg")}
        gate.wait()
        answer = app.test_client().post(
            "/api/kyc-upload/", data=data, content_type="multipart/form-data", headers=saver.headers
        )
        answers.append(answer.status_code)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] * 3 + [429] * 5
    with app.app_context():
        states = run(lambda: fetch("SELECT status, count(*) FROM kyc_documents GROUP BY 1 ORDER BY 1"))
    assert states == [("pending", 1), ("replaced", 2)]


def test_a_photo_is_upright_and_says_no_more_than_it_shows(app: Flask, saver: Saver) -> None:
    sent = files.photo_of_a_phone()
    assert all(word in sent for word in (b"CANARYPHONE", b"CANARY-COMMENT", b"Exif"))
    assert send(saver, files.with_an_archive(sent), "paper.zip").status_code == 201
    kept = stored(app, saver)
    assert not any(word in kept for word in (b"CANARY", b"Exif", b"PK\x03\x04", b"PK\x05\x06"))
    with Image.open(BytesIO(kept)) as image:
        assert (image.format, image.size) == ("JPEG", (400, 640)), "it was turned"
        assert image.getpixel((390, 10)) == pytest.approx((255, 255, 255), abs=8), "clockwise"
        assert not image.getexif()


def test_a_photo_of_megabytes_is_taken_whatever_its_bytes_are(app: Flask, saver: Saver) -> None:
    """A reader of forms that comes upon half of a line end must not lose patience."""
    body = BytesIO()
    Image.frombytes("RGB", (1_600, 1_200), os.urandom(1_600 * 1_200 * 3)).save(body, "JPEG", quality=95)
    assert 2 << 20 < len(body.getvalue()) < 5 << 20
    assert send(saver, body.getvalue()).status_code == 201
    most = body.getvalue() + os.urandom((5 << 20) - len(body.getvalue()))
    assert send(saver, most).status_code == 201, "to the last byte"
    assert send(saver, most + b"x").status_code == 413


def test_a_pdf_is_written_anew(app: Flask, saver: Saver) -> None:
    assert send(saver, files.with_an_archive(files.pdf()), "paper.pdf").status_code == 201
    kept = stored(app, saver)
    assert kept.startswith(b"%PDF-")
    assert b"CANARY" not in kept
    assert b"PK\x03\x04" not in kept


def test_pictures_are_seen_through_links_and_taken_away(app: Flask, saver: Saver) -> None:
    jar = saver.jar()
    kinds = (("/api/profile/photo/", "photo", (384, 384)), (f"/api/jars/{jar}/picture/", "picture", (1080, 675)))
    for path, member, size in kinds:
        assert saver.get(path).status_code == 404
        body = files.picture("PNG", (1600, 1000))
        answer = saver.call("PUT", path, data={"file": (BytesIO(body), "x")}, content_type="multipart/form-data")
        assert answer.status_code == 200, answer.json
        assert answer.json[member]["expires_in"] == 60
        shown = urllib3.request("GET", answer.json[member]["url"])
        assert shown.status == 200
        with Image.open(BytesIO(shown.data)) as image:
            assert (image.format, image.size) == ("JPEG", size)
        again = saver.get(path)
        assert again.json[member]["url"].partition("?")[0] == answer.json[member]["url"].partition("?")[0]
        assert saver.call("DELETE", path).status_code == 204
        assert saver.call("DELETE", path).status_code == 204
        assert saver.get(path).status_code == 404
