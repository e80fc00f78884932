"""The page of identity papers: why, which, and what came of them; and the way there from a limit."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Flask
from werkzeug.test import TestResponse

from app import clock as product_clock
from app.services.identity import sign_in
from app.services.identity.kyc import review
from app.transactions import fetch, run
from tests import factories, files
from tests.blueprints.web.conftest import Visitor, said
from tests.conftest import Clock
from tests.factories import Saver

PATH = "/profile/papers"


def send(visitor: Visitor, **fields: Any) -> TestResponse:
    data = visitor.hidden(PATH) | {"document_type": "aadhaar", "document_number": ""} | fields
    data |= {"file": (BytesIO(files.picture()), "photo.jpg")}
    return visitor.client.post(PATH, data=data, content_type="multipart/form-data")


def decide(app: Flask, saver: Saver, verdict: str, reason: str | None = None) -> None:
    with app.app_context():
        paper = UUID(saver.get("/api/kyc/").json["documents"][0]["id"])
        by = factories.make_staff(app).id
        assert run(lambda: review.decide(paper, verdict, reason=reason, by=by, at=product_clock.now()))


def test_it_says_why_and_how_papers_are_kept(asha: Visitor) -> None:
    page = asha.get(PATH).text
    assert "Show once who you are" in page
    assert "₹50,000" in page
    assert "₹10,000" in page
    assert "Encrypted" in page
    assert 'enctype="multipart/form-data"' in page
    assert 'accept="image/jpeg,image/png,application/pdf"' in page
    assert 'capture="environment"' in page
    assert f'href="{PATH}"' in asha.get("/profile").text


def test_a_paper_goes_its_way(app: Flask, saver: Saver, asha: Visitor, clock: Clock) -> None:
    answer = send(asha, document_number="2341 2341 2346")
    assert (answer.status_code, answer.headers["Location"]) == (303, PATH)
    page = asha.get(PATH)
    assert said(page) == "We have your paper. A person looks at it, and you are told."
    assert "By Saturday 18 July." in page.text
    assert "XXXX XXXX 2346" in page.text
    assert "2341" not in page.text.replace("XXXX XXXX 2346", "")
    clock.advance(days=4)
    assert "They take longer than usual." in asha.get(PATH).text
    decide(app, saver, "resubmit", "incomplete")
    page = asha.get(PATH).text
    assert "One more photo, please" in page
    assert "All four corners belong in the photo." in page
    assert send(asha).status_code == 303
    decide(app, saver, "rejected", "name_mismatch")
    page = asha.get(PATH).text
    assert "Another paper, please" in page
    assert "The name on it is not the one of your account." in page
    assert send(asha, document_type="pan").status_code == 303
    decide(app, saver, "verified")
    page = asha.get(PATH).text
    assert "We know you" in page
    assert "The limits of a new account no longer apply." in page
    notices = saver.get("/api/notifications/").json["items"]
    assert [notice["action"]["path"] for notice in notices if notice["kind"] == "kyc_decided"] == [PATH] * 3


def test_a_limit_leads_there(asha: Visitor, saver: Saver) -> None:
    jar = saver.jar(target_amount="90000")
    for what, amount in (("deposit", "50001"), ("withdraw", "10001")):
        if what == "withdraw":
            assert saver.deposit(jar, "20000").status_code == 201
        path = f"/jars/{jar}/{what}"
        assert PATH not in asha.get(path).text
        answer = asha.send(path, amount=amount)
        assert answer.status_code == 403
        assert f'<a href="{PATH}">Show who you are</a>' in answer.text
    assert PATH not in asha.send(f"/jars/{jar}/withdraw", amount="99999999").text


def test_the_number_is_not_kept_in_a_cookie_for_later(app: Flask, saver: Saver, asha: Visitor) -> None:
    """What was typed comes back after another sign-in; this does not: a cookie is no place for it."""
    data = asha.hidden(PATH) | {"document_type": "aadhaar", "document_number": "234123412346"}
    assert saver.post("/api/logout/").status_code == 204
    with app.app_context():
        families = [
            row[0] for row in run(lambda: fetch("SELECT id FROM refresh_families WHERE user_id = %s", (saver.id,)))
        ]
        run(lambda: sign_in.sign_out(families))
    answer = asha.client.post(PATH, data=data | {"file": (BytesIO(files.picture()), "a.jpg")})
    assert answer.status_code == 303
    with asha.client.session_transaction() as session:
        assert "234123412346" not in str(dict(session))
        assert "aadhaar" in str(dict(session)), "the rest is"


def test_while_the_store_is_away_the_page_says_so(new_app: Any) -> None:
    app = new_app(S3_ENDPOINT_URL="http://127.0.0.1:9")
    saver = factories.make_saver(app)
    visitor = Visitor(app)
    visitor.log_in(saver.email)
    answer = send(visitor, document_number="234123412346")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "The document store cannot be reached just now" in answer.text
    assert "Show once who you are" in answer.text
