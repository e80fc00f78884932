"""Numbers of papers, planted everywhere that a client can put one: no line, figure or report has them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
import sentry_sdk
from flask import Flask
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from app import observability
from app.services.identity.kyc import papers
from tests import factories, files
from tests.blueprints.web.conftest import Visitor

PAN, AADHAAR = "BQXPC4821N", "498712340983"
SHAPES = (PAN, PAN.lower(), AADHAAR, "4987 1234 0983", "4987-1234-0983")


class Reports(Transport):
    """What would leave for Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.raw = ""

    def capture_envelope(self, envelope: Envelope) -> None:
        self.raw += json.dumps([item.payload.get_bytes().decode("utf-8", "replace") for item in envelope.items])


@pytest.fixture
def reports() -> Iterator[Reports]:
    transport = Reports()
    observability.init_sentry({"SENTRY_DSN": "https://key@sentry.invalid/1", "APP_ENV": "testing"}, transport=transport)
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.init()


def test_no_line_no_figure_and_no_report_has_a_number(
    new_app: Callable[..., Flask], reports: Reports, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app()
    app.config["PROPAGATE_EXCEPTIONS"] = False
    saver = factories.make_saver(app)
    visitor = Visitor(app)
    visitor.log_in(saver.email)
    capsys.readouterr()

    def send_all() -> list[int]:
        statuses = []
        for number in SHAPES:
            kind = "pan" if number[0].isalpha() else "aadhaar"
            for wrong in (kind, "passport", number):
                fields: dict[str, Any] = {"document_type": wrong, "document_number": number}
                named = fields | {"file": (BytesIO(files.picture(size=(40, 40))), f"{number}.jpg")}
                statuses.append(
                    saver.post(
                        f"/api/kyc-upload/?number={number}", data=named, content_type="multipart/form-data",
                        headers={"User-Agent": number, "X-Request-Id": "client-1"},
                    ).status_code
                )  # fmt: skip
                named = fields | {"file": (BytesIO(files.picture(size=(40, 40))), f"{number}.jpg")}
                named |= visitor.hidden("/profile/papers")
                statuses.append(visitor.client.post("/profile/papers", data=named).status_code)
            statuses.append(saver.get(f"/api/kyc/{number}/").status_code)
        return statuses

    assert {201, 303, 422, 404} <= set(send_all())

    def broken(*_: Any, **values: Any) -> None:
        raise RuntimeError(f"could not keep {PAN} {AADHAAR}")

    monkeypatch.setattr(papers, "refresh_standing", broken)
    assert 500 in send_all()
    figures = app.test_client().get("/metrics").text
    sentry_sdk.flush()
    written = capsys.readouterr()
    assert '"route":"/api/kyc-upload/"' in written.err
    assert reports.raw
    for number in SHAPES:
        for where in (written.err, written.out, figures, reports.raw):
            assert number not in where
            assert number.encode() not in gzip.compress(where.encode(), 0)


def test_no_row_has_a_number(app: Flask, saver: factories.Saver, superuser: Any) -> None:
    for kind, number in (("pan", PAN), ("aadhaar", AADHAAR)):
        data = {"document_type": kind, "document_number": number, "file": (BytesIO(files.picture()), f"{number}.jpg")}
        answer = saver.post("/api/kyc-upload/", data=data, content_type="multipart/form-data")
        assert answer.status_code == 201
        assert number not in answer.text
    assert not any(number in saver.get("/api/kyc/").text for number in (PAN, AADHAAR))
    with superuser.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            for number in (PAN, AADHAAR):
                cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text ILIKE %s", (f"%{number}%",))
                assert cursor.fetchone() == (0,), table
