"""Identity papers at the console: the oldest first, seen as pictures for a minute, decided with a coded reason."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pikepdf
import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from app.blueprints.ops import papers as papers_view
from app.integrations.object_store import S3ObjectStore
from app.transactions import fetch, queue, run
from tests import files
from tests.attacks.walking import Person, make_person
from tests.blueprints.ops.test_users import noted

SOURCES = re.compile(r'<img src="(/ops/papers/[^"]+)"')


def send(owner: Person, body: bytes | None = None, kind: str = "pan", **more: str) -> str:
    return str(owner.saver.upload("/api/kyc-upload/", body, document_type=kind, **more).json["kyc"]["id"])


def decide(person: Person, paper: str, verdict: str, **more: str) -> TestResponse:
    data = {"csrf_token": person.form_token, "verdict": verdict, **more}
    return person.browser.post(f"/ops/papers/{paper}/decide", data=data)


def state(owner: Person) -> str:
    return str(owner.saver.get("/api/kyc/").json["status"])


@pytest.fixture
def queue_alone(app: Flask) -> None:
    """Papers of other tests wait no more."""
    with app.app_context():
        run(lambda: queue("UPDATE kyc_documents SET status = 'rejected', reason = 'expired', decided_at = uploaded_at,"
                          " proposed_status = NULL, proposed_reason = NULL, proposed_by = NULL"
                          " WHERE status = 'pending' OR proposed_status IS NOT NULL"))  # fmt: skip


def test_a_picture_is_seen_for_a_minute_by_whom_the_page_was_for(
    app: Flask, support: Person, admin: Person, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = send(owner, document_number="ACUPA7085R")
    html = support.browser.get(f"/ops/papers/{paper}/").text
    for text in ("Asha Devi", "ACUPAXXXXR", f"/ops/users/{owner.saver.id}/"):
        assert text in html, text
    assert "ACUPA7085R" not in html
    (source,) = SOURCES.findall(html)
    shown = support.browser.get(source)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "no-store"
    assert Image.open(BytesIO(shown.data)).size == (640, 400)
    assert [action for action, _, _ in noted(app, support)] == ["kyc_document_viewed", "looked_at"]
    other = send(make_person(app))
    for person, address in (
        (admin, source), (support, source[:-3]), (support, f"/ops/papers/{paper}/file"),
        (support, source.replace(paper, other)),
    ):  # fmt: skip
        answer = person.browser.get(address)
        assert (answer.status_code, answer.mimetype != "image/jpeg") == (303, True), address
    monkeypatch.setattr(papers_view, "LINK", timedelta(0))
    assert support.browser.get(source).location == f"/ops/papers/{paper}/"


def test_a_pdf_is_seen_as_pictures_of_its_pages(support: Person, owner: Person) -> None:
    def eight_pages(made: pikepdf.Pdf) -> None:
        for _ in range(7):
            made.add_blank_page(page_size=(595, 842))

    paper = send(owner, files.pdf(eight_pages))
    html = support.browser.get(f"/ops/papers/{paper}/").text
    sources = SOURCES.findall(html)
    assert (len(sources), "Page 6 of 8" in html, f"/ops/papers/{paper}/?from=7" in html) == (6, True, True)
    sizes = []
    for source in sources[:2]:
        shown = support.browser.get(source)
        assert shown.mimetype == "image/jpeg"
        sizes.append(Image.open(BytesIO(shown.data)).size)
    assert sizes == [(2400, 1600), (1696, 2400)]
    assert len(SOURCES.findall(support.browser.get(f"/ops/papers/{paper}/?from=7").text)) == 2
    for wrong in ("0", "9", "-1", "x", "१", "1.5"):
        assert support.browser.get(f"/ops/papers/{paper}/?from={quote(wrong)}").status_code == 400, wrong
    assert b"%PDF" not in support.browser.get(sources[0]).data


def test_decided_with_a_reason_and_on_to_the_next(
    app: Flask, support: Person, owner: Person, queue_alone: None
) -> None:
    second, third = make_person(app), make_person(app)
    first_paper, second_paper, third_paper = send(owner), send(second), send(third)
    assert support.browser.get("/ops/papers/next").location == f"/ops/papers/{first_paper}/"
    after = support.browser.get(f"/ops/papers/next?after={first_paper}")
    assert after.location == f"/ops/papers/{second_paper}/"
    assert support.browser.get("/ops/papers/next?after=x").status_code == 400
    for wrong in ("", "verified:expired", "rejected", "rejected:unreadable", "deleted", "resubmit:nonsense"):
        assert decide(support, first_paper, wrong).status_code == 422, wrong
    assert state(owner) == "pending"
    answer = decide(support, first_paper, "rejected:name_mismatch", status="verified", kyc_status="verified")
    assert (answer.status_code, answer.location) == (303, f"/ops/papers/{second_paper}/")
    assert state(owner) == "rejected"
    assert decide(support, second_paper, "resubmit:unreadable").location == f"/ops/papers/{third_paper}/"
    assert decide(support, third_paper, "verified").location == "/ops/papers/"
    assert (state(second), state(third)) == ("resubmit", "verified")
    assert "Nothing more waits for you" in support.browser.get("/ops/papers/").text
    decided = [details for action, _, details in noted(app, support) if action == "kyc_decided"]
    assert [(each["status"], each["reason"]) for each in decided] == [
        ("rejected", "name_mismatch"), ("resubmit", "unreadable"), ("verified", None),
    ]  # fmt: skip
    assert decide(support, third_paper, "verified").status_code == 409


def test_a_known_number_takes_two_and_nobody_is_both(
    app: Flask, support: Person, admin: Person, owner: Person, queue_alone: None
) -> None:
    other = make_person(app)
    send(other, document_number="ACUPA7085R")
    paper = send(owner, document_number="ACUPA7085R")
    assert "This number is known here" in support.browser.get(f"/ops/papers/{paper}/").text
    answer = decide(support, paper, "rejected:not_genuine")
    assert (answer.status_code, answer.location == f"/ops/papers/{paper}/") == (303, False)
    assert state(owner) == "pending"
    assert decide(support, paper, "rejected:not_genuine").status_code == 409
    assert "Somebody else has to say the same" in support.browser.get(f"/ops/papers/{paper}/").text
    assert f"/ops/papers/{paper}/" in admin.browser.get("/ops/inbox/").text
    assert f"/ops/papers/{paper}/" in admin.browser.get("/ops/papers/?proposed=yes").text
    html = admin.browser.get(f"/ops/papers/{paper}/").text
    assert "A colleague said: reject it, because it is not genuine." in html
    assert decide(admin, paper, "rejected:not_genuine").status_code == 303
    assert state(owner) == "rejected"


def test_what_somebody_would_overturn_may_be_left_as_it_was(
    app: Flask, support: Person, admin: Person, owner: Person, queue_alone: None
) -> None:
    paper = send(owner)
    assert decide(support, paper, "stands").status_code == 409
    assert decide(support, paper, "rejected:expired").status_code == 303
    assert 'value="stands"' not in admin.browser.get(f"/ops/papers/{paper}/").text
    assert decide(admin, paper, "verified").status_code == 303
    assert support.browser.get("/ops/papers/next").location == f"/ops/papers/{paper}/"
    assert 'value="stands"' in support.browser.get(f"/ops/papers/{paper}/").text
    assert decide(support, paper, "stands").location == "/ops/papers/"
    assert "It stays as it was decided" in support.browser.get("/ops/papers/").text
    assert (state(owner), support.browser.get("/ops/papers/next").location) == ("rejected", "/ops/papers/")
    assert "kyc_decision_stands" in [action for action, _, _ in noted(app, support)]


def test_nobody_looks_at_their_own(app: Flask, support: Person, admin: Person) -> None:
    sql = "UPDATE kyc_documents SET user_id = %s WHERE id = %s"
    paper = send(make_person(app))
    with app.app_context():
        run(lambda: queue(sql, (support.saver.id, paper)))
    assert support.browser.get(f"/ops/papers/{paper}/").status_code == 409
    assert decide(support, paper, "verified").status_code == 409
    assert support.browser.get("/ops/papers/next").location != f"/ops/papers/{paper}/"
    assert admin.browser.get(f"/ops/papers/{paper}/").status_code == 200


def test_a_file_that_cannot_be_reached_or_is_gone_says_so(
    app: Flask, support: Person, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = send(owner)
    monkeypatch.setitem(app.extensions, "object_store", _away(app))
    html = support.browser.get(f"/ops/papers/{paper}/").text
    assert ("cannot be reached just now" in html, SOURCES.findall(html)) == (True, [])


def _away(app: Flask) -> Any:
    """A store at an address where nobody answers."""
    return S3ObjectStore({**app.config, "S3_ENDPOINT_URL": "http://127.0.0.1:9"})


def test_every_look_is_noted(app: Flask, support: Person, owner: Person) -> None:
    paper = send(owner)
    for _ in range(2):
        support.browser.get(f"/ops/papers/{paper}/")
    sql = "SELECT count(*) FROM audit_log WHERE subject_id = %s AND action = 'kyc_document_viewed' AND actor_id = %s"
    with app.app_context():
        assert run(lambda: fetch(sql, (paper, support.saver.id))) == [(2,)]
