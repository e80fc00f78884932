"""What is refused, by the API and by the pages alike: nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.transactions import fetch, run
from tests import factories, files
from tests.blueprints.web.conftest import Visitor
from tests.clamd import clamd
from tests.factories import Saver

Parts = list[tuple[bytes, str]]
Send = Callable[..., TestResponse]
JPEG = files.picture()
TOO_LARGE = JPEG + b"\0" * (5 << 20)
SAID_OF_IT = {413: "MB, which is the most that is taken", 415: "What counts is what is in the file, not its name."}


@pytest.fixture(params=["api", "page"])
def send(request: pytest.FixtureRequest, app: Flask, saver: Saver) -> Send:
    """Send files as the saver: ``send([(bytes, name), …], path="/profile/papers", **fields)``."""
    if request.param == "api":
        paths = {"papers": ("POST", "/api/kyc-upload/"), "photo": ("PUT", "/api/profile/photo/")}

        def by_api(parts: Parts, what: str = "papers", **fields: Any) -> TestResponse:
            method, path = paths[what]
            values = ({"document_type": "pan"} if what == "papers" else {}) | fields
            data = {**values, "file": [(BytesIO(body), name) for body, name in parts]}
            return saver.call(method, path, data=data, content_type="multipart/form-data")

        return by_api
    visitor = Visitor(app)
    visitor.log_in(saver.email)

    def by_page(parts: Parts, what: str = "papers", **fields: Any) -> TestResponse:
        path = f"/profile/{what}"
        data = visitor.hidden(path) | ({"document_type": "pan"} if what == "papers" else {}) | fields
        data |= {"file": [(BytesIO(body), name) for body, name in parts]}
        return visitor.client.post(path, data=data, content_type="multipart/form-data")

    return by_page


def nothing_is_kept(app: Flask, saver: Saver) -> bool:
    with app.app_context():
        rows = run(lambda: fetch("SELECT 1 FROM stored_files WHERE user_id = %s", (saver.id,)))
        rows += run(lambda: fetch("SELECT 1 FROM kyc_documents WHERE user_id = %s", (saver.id,)))
        ((status,),) = run(lambda: fetch("SELECT kyc_status FROM users WHERE id = %s", (saver.id,)))
    return not rows and status == "none"


BAD: dict[str, tuple[Callable[[], Parts], int, str]] = {
    "none": (list, 422, "invalid_file"),
    "two": (lambda: [(JPEG, "a.jpg"), (JPEG, "b.jpg")], 422, "invalid_file"),
    "empty": (lambda: [(b"", "a.jpg")], 422, "invalid_file"),
    "a truncated JPEG": (lambda: [(JPEG[: len(JPEG) // 2], "a.jpg")], 422, "invalid_file"),
    "a truncated PNG": (lambda: [(files.picture("PNG", (900, 900))[:400], "a.png")], 422, "invalid_file"),
    "a truncated PDF": (lambda: [(files.pdf()[:-60], "a.pdf")], 422, "invalid_file"),
    "the head of a JPEG": (lambda: [(b"\xff\xd8\xff\xe0", "a.jpg")], 422, "invalid_file"),
    "a PDF of nothing": (lambda: [(b"%PDF-1.7\n%%EOF", "a.pdf")], 422, "invalid_file"),
    "a PDF without a page": (lambda: [(files.pdf(lambda pdf: pdf.pages.__delitem__(0)), "a.pdf")], 422, "invalid_file"),
    "too many pixels": (lambda: [(files.pixel_bomb(), "a.png")], 422, "invalid_file"),
    "just too many pixels": (lambda: [(files.pixel_bomb(5_001, 5_000), "a.png")], 422, "invalid_file"),
    "hardly a pixel": (lambda: [(files.picture("PNG", (3, 3)), "a.png")], 422, "invalid_file"),
    "too large": (lambda: [(TOO_LARGE, "a.jpg")], 413, "payload_too_large"),
    "SVG": (lambda: [(files.SVG, "a.jpg")], 415, "unsupported_media_type"),
    "HTML": (lambda: [(files.HTML, "a.jpg")], 415, "unsupported_media_type"),
    "text": (lambda: [(b"I am a picture, believe me.", "a.jpg")], 415, "unsupported_media_type"),
    "GIF": (lambda: [(files.picture("GIF"), "a.jpg")], 415, "unsupported_media_type"),
    "HEIC": (lambda: [(files.HEIC, "a.jpg")], 415, "unsupported_media_type"),
    "EICAR": (lambda: [(files.EICAR, "a.jpg")], 415, "unsupported_media_type"),
    "a script": (lambda: [(files.pdf(files.acting), "a.pdf")], 422, "unsafe_file"),
    "a script of a page": (lambda: [(files.pdf(files.acting_on_its_page), "a.pdf")], 422, "unsafe_file"),
    "a script in disguise": (lambda: [(files.disguised(), "a.pdf")], 422, "unsafe_file"),
    "a program": (lambda: [(files.pdf(files.launching), "a.pdf")], 422, "unsafe_file"),
    "a file within": (lambda: [(files.pdf(files.carrying), "a.pdf")], 422, "unsafe_file"),
    "a password": (lambda: [(files.pdf(encryption=files.PASSWORD), "a.pdf")], 422, "unsafe_file"),
    "an owner's password": (lambda: [(files.pdf(encryption=files.OWNER_ONLY), "a.pdf")], 422, "unsafe_file"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_refused_and_nothing_of_it_is_kept(app: Flask, saver: Saver, send: Send, what: str) -> None:
    parts, status, code = BAD[what]
    answer = send(parts())
    assert answer.status_code == status, answer.text[:500]
    if answer.is_json:
        assert answer.json["code"] == code
        assert answer.json["errors"]["file"]
    else:
        assert "field-error" in answer.text
        assert SAID_OF_IT.get(status, "") in answer.text or what == "HEIC"
    if what == "HEIC":
        assert "JPEG" in (answer.text if not answer.is_json else answer.json["detail"])
    assert nothing_is_kept(app, saver)


def test_a_photo_is_no_pdf(app: Flask, saver: Saver, send: Send) -> None:
    answer = send([(files.pdf(), "a.jpg")], "photo")
    assert answer.status_code == 415
    assert nothing_is_kept(app, saver)


@pytest.mark.parametrize("name", ["../../x", "..\\..\\x.exe", "/etc/passwd", "नाम.jpg", "x" * 500])
def test_a_name_is_not_looked_at(app: Flask, saver: Saver, send: Send, name: str) -> None:
    assert send([(JPEG, name)]).status_code in {201, 303}
    with app.app_context():
        ((key,),) = run(lambda: fetch("SELECT key FROM stored_files WHERE user_id = %s", (saver.id,)))
    folder, _, rest = key.partition("/")
    assert folder == "papers"
    assert rest.removesuffix(".jpg").replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("pan", "ACUFA7085R"),  # a firm's
        ("pan", "ACUPA0000R"),
        ("pan", "ACUPA7085"),
        ("aadhaar", "234123412347"),  # its last digit is wrong
        ("aadhaar", "134123412346"),
        ("passport", "12345678"),
        ("voter_id", "ABC"),
        ("driving_licence", "??"),
    ],
)
def test_a_number_that_is_none_is_refused_and_not_repeated(
    app: Flask, saver: Saver, send: Send, kind: str, number: str
) -> None:
    answer = send([(JPEG, "a.jpg")], document_type=kind, document_number=number)
    assert answer.status_code == 422
    if answer.is_json:
        assert list(answer.json["errors"]) == ["document_number"]
        assert number not in answer.text
    assert nothing_is_kept(app, saver)


@pytest.mark.parametrize("fields", [{"document_type": "library_card"}, {"document_type": ""}])
def test_an_unknown_kind_is_refused(app: Flask, saver: Saver, send: Send, fields: dict[str, str]) -> None:
    assert send([(JPEG, "a.jpg")], **fields).status_code == 422
    assert nothing_is_kept(app, saver)


def test_the_api_takes_no_part_that_it_does_not_know(app: Flask, saver: Saver) -> None:
    def sent(**more: Any) -> TestResponse:
        data = {"document_type": "pan", "file": (BytesIO(JPEG), "a.jpg")} | more
        return saver.post("/api/kyc-upload/", data=data, content_type="multipart/form-data")

    for more in ({"status": "verified"}, {"another": (BytesIO(JPEG), "b.jpg")}, {"document_type": ["pan", "pan"]}):
        answer = sent(**more)
        assert (answer.status_code, answer.json["code"]) == (422, "validation_error"), more
        assert list(answer.json["errors"]) == list(more)
    answer = sent(file="text where a file belongs")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_file")
    assert nothing_is_kept(app, saver)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"document_type": "pan"}', "application/json", 415),
        (b"document_type=pan", "application/x-www-form-urlencoded", 415),
        (b"", None, 422),
        (b"no boundary", "multipart/form-data", 422),
        (b"--b\r\nContent-Disposition: form-data; name=file", "multipart/form-data; boundary=b", 422),
        (b"x" * (6 << 20), "multipart/form-data; boundary=b", 413),
    ],
)
def test_a_body_that_is_no_form_is_refused(saver: Saver, body: bytes, content_type: str | None, status: int) -> None:
    answer = saver.post("/api/kyc-upload/", data=body, content_type=content_type)
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"


def test_a_page_takes_one_of_its_two_ways(app: Flask, saver: Saver) -> None:
    """The camera's input and the folder's have one name, and browsers send both."""
    visitor = Visitor(app)
    visitor.log_in(saver.email)
    data = visitor.hidden("/profile/papers") | {"document_type": "pan", "document_number": ""}
    data |= {"file": [(BytesIO(b""), ""), (BytesIO(JPEG), "photo.jpg")]}
    assert visitor.client.post("/profile/papers", data=data, content_type="multipart/form-data").status_code == 303


def test_a_page_says_beside_its_form_that_a_photo_is_much_too_large(app: Flask, saver: Saver) -> None:
    visitor = Visitor(app)
    visitor.log_in(saver.email)
    for path in ("/profile/papers", "/profile/photo", f"/jars/{saver.jar()}/picture"):
        data = visitor.hidden(path) | {"document_type": "pan", "file": (BytesIO(TOO_LARGE + b"\0" * (9 << 20)), "a")}
        answer = visitor.client.post(path, data=data, content_type="multipart/form-data")
        assert answer.status_code == 413
        assert "This file has more than 5 MB" in answer.text
    other = visitor.client.post("/support/new", data=visitor.hidden("/support/new") | {"text": "x" * 100_000})
    assert other.status_code == 413, "nothing else takes that much"


INFECTED = {
    "behind a JPEG": lambda: JPEG + files.EICAR,
    "in the comment of a JPEG": lambda: files.picture(comment=files.EICAR),
    "behind a PDF": lambda: files.pdf() + files.EICAR,
    "in a stream of a PDF": lambda: files.pdf(
        lambda made: setattr(made.pages[0], "Contents", made.make_stream(b"% " + files.EICAR)), compress_streams=False
    ),
}


def test_what_a_scanner_finds_is_not_kept(new_app: Callable[..., Flask]) -> None:
    with clamd() as scanner:
        app = new_app(SCANNER_URL=scanner.url)
        saver = factories.make_saver(app)

        def sent(body: bytes) -> TestResponse:
            data = {"document_type": "pan", "file": (BytesIO(body), "a.jpg")}
            return saver.post("/api/kyc-upload/", data=data, content_type="multipart/form-data")

        for where, make in INFECTED.items():
            infected = make()
            answer = sent(infected)
            assert (answer.status_code, answer.json["code"]) == (422, "unsafe_file"), where
            assert scanner.scanned.pop() == infected, "the file as it came"
            assert nothing_is_kept(app, saver)
        with app.app_context():
            rows = run(lambda: fetch("SELECT actor_id, details FROM audit_log WHERE action = 'unsafe_file_refused'"))
        assert rows == [(saver.id, {"signature": "Eicar-Test-Signature"})] * len(INFECTED)
        assert (sent(files.EICAR).status_code, scanner.scanned) == (415, []), "what is no paper is not even asked about"
        photo = {"file": (BytesIO(JPEG + files.EICAR), "a.jpg")}
        answer = saver.call("PUT", "/api/profile/photo/", data=photo, content_type="multipart/form-data")
        assert (answer.status_code, answer.json["code"]) == (422, "unsafe_file")
        assert sent(JPEG).status_code == 201


def test_what_no_scanner_has_seen_is_not_kept(new_app: Callable[..., Flask]) -> None:
    with clamd() as scanner:
        app = new_app(SCANNER_URL=scanner.url)
    saver = factories.make_saver(app)
    data = {"document_type": "pan", "file": (BytesIO(JPEG), "a.jpg")}
    answer = saver.post("/api/kyc-upload/", data=data, content_type="multipart/form-data")
    assert (answer.status_code, answer.json["code"]) == (503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert nothing_is_kept(app, saver)


@pytest.mark.parametrize("setting", ["UPLOADS_A_DAY", "KYC_MAX_PAPERS"])
def test_there_is_an_end_to_what_one_saver_sends(new_app: Callable[..., Flask], setting: str) -> None:
    app = new_app(**{setting: "2"})
    saver = factories.make_saver(app)

    def sent(kind: str) -> TestResponse:
        data = {"document_type": kind, "file": (BytesIO(JPEG), "a.jpg")}
        return saver.post("/api/kyc-upload/", data=data, content_type="multipart/form-data")

    assert [sent(kind).status_code for kind in ("pan", "aadhaar")] == [201, 201]
    answer = sent("passport")
    if setting == "KYC_MAX_PAPERS":
        assert (answer.status_code, answer.json["code"]) == (409, "paper_limit")
        assert sent("pan").status_code == 201, "what it replaces makes room"
    else:
        assert (answer.status_code, answer.json["code"]) == (429, "upload_limit")
        assert answer.headers["Retry-After"] == "3600"
        assert sent("pan").status_code == 429, "also where it would replace one"


def test_sending_is_slowed(new_app: Callable[..., Flask]) -> None:
    app = new_app(RATELIMIT_ENABLED="1", RATELIMIT_UPLOAD="2 per hour")
    saver = factories.make_saver(app)
    answers = [
        saver.post("/api/kyc-upload/", data={"file": (BytesIO(b"x"), "a")}, content_type="multipart/form-data")
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert answers[2].headers["Retry-After"]
    assert saver.get("/api/kyc/").status_code == 200
