"""Papers that savers send: the saver's state, what is replaced, and limits that end with the next call."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.errors import DomainError
from app.services.identity.kyc import papers, review
from app.services.identity.uploads import storing
from app.transactions import fetch, queue, run
from tests import factories, files
from tests.conftest import Clock
from tests.factories import Saver
from tests.services.identity.kyc.conftest import Send, audited, file_of, of_user, state


def decide(app: Flask, paper: Any, verdict: str, reason: str | None, clock: Clock) -> None:
    by = factories.make_staff(app).id
    assert run(lambda: review.decide(paper.id, verdict, reason=reason, by=by, at=clock.now()))


def test_the_saver_s_state_is_that_of_the_paper_that_counts(app: Flask, saver: Saver, send: Send, clock: Clock) -> None:
    assert of_user(saver) == ("none", None)
    pan = send(saver, "pan")
    assert of_user(saver) == ("pending", file_of(pan.id)[0])
    decide(app, pan, "rejected", "expired", clock)
    assert of_user(saver)[0] == "rejected"
    licence = send(saver, "driving_licence")
    assert of_user(saver) == ("pending", file_of(licence.id)[0])
    decide(app, licence, "resubmit", "unreadable", clock)
    assert of_user(saver)[0] == "resubmit"
    again = send(saver, "driving_licence")
    decide(app, again, "verified", None, clock)
    assert of_user(saver) == ("verified", file_of(again.id)[0])
    passport = send(saver, "passport")
    assert of_user(saver) == ("verified", file_of(again.id)[0]), "another paper takes nothing away"
    decide(app, passport, "rejected", "not_genuine", clock)
    assert of_user(saver)[0] == "verified"
    seen = run(lambda: papers.standing(saver.principal()))
    assert [(paper.document_type, paper.status) for paper in seen.papers] == [
        ("passport", "rejected"),
        ("driving_licence", "verified"),
        ("pan", "rejected"),
    ]


def test_a_paper_that_is_sent_again_takes_the_place_of_the_one_that_waits(saver: Saver, send: Send) -> None:
    first = send(saver, "pan", "ACUPA7085R")
    (key, _), second = file_of(first.id), send(saver, "pan")
    assert state(first.id)[0] == "replaced"
    assert file_of(first.id) is None
    assert run(lambda: fetch("SELECT status FROM stored_files WHERE key = %s", (key,))) == [("leaving",)]
    assert run(lambda: fetch("SELECT count(*) FROM outbox WHERE topic = 'uploads.leaving'"))[0][0] >= 1
    assert [paper.id for paper in run(lambda: papers.standing(saver.principal())).papers] == [second.id]
    other = send(saver, "aadhaar")
    assert state(second.id)[0] == "pending"
    assert len(run(lambda: papers.standing(saver.principal())).papers) == 2
    assert audited(other.id) == [("kyc_document_sent", saver.id, {"document_type": "aadhaar"})]


def test_a_verified_paper_makes_way_for_a_newer_verified_one(
    app: Flask, saver: Saver, send: Send, clock: Clock
) -> None:
    old = send(saver, "passport")
    decide(app, old, "verified", None, clock)
    new = send(saver, "passport")
    assert file_of(old.id) is not None
    decide(app, new, "verified", None, clock)
    assert state(old.id)[0] == "replaced"
    assert file_of(old.id) is None
    assert of_user(saver) == ("verified", file_of(new.id)[0])


def test_limits_end_with_the_very_next_call(app: Flask, saver: Saver, send: Send, clock: Clock) -> None:
    jar = saver.jar(target_amount="200000")
    assert saver.deposit(jar, "50000").status_code == 201

    def refused(answer: Any) -> bool:
        return (answer.status_code, answer.json.get("code")) == (403, "kyc_required")

    assert refused(saver.deposit(jar, "1"))
    assert refused(saver.withdraw(jar, "10001"))
    paper = send(saver, "pan")
    for verdict, reason in (("resubmit", "unreadable"), (None, None)):
        assert refused(saver.deposit(jar, "1")), "being looked at is not being known"
        if verdict:
            decide(app, paper, verdict, reason, clock)
            paper = send(saver, "pan")
    decide(app, paper, "rejected", "expired", clock)
    assert refused(saver.deposit(jar, "1"))
    paper = send(saver, "aadhaar")
    decide(app, paper, "verified", None, clock)
    assert saver.deposit(jar, "1").status_code == 201
    assert saver.withdraw(jar, "10001").status_code == 201
    assert saver.deposit(jar, "20000").status_code == 201
    first, second = (factories.make_staff(app).id for _ in range(2))
    for by in (first, second):
        run(lambda by=by: review.decide(paper.id, "rejected", reason="not_genuine", by=by, at=clock.now()))
    assert refused(saver.deposit(jar, "1")), "and begin again with the decision that takes it back"


def test_a_file_that_was_given_up_meanwhile_makes_no_paper(
    app: Flask, saver: Saver, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = app.extensions["object_store"].put

    def slow(key: str, body: bytes, content_type: str) -> None:
        put(key, body, content_type)
        run(lambda: queue("UPDATE stored_files SET status = 'leaving' WHERE key = %s", (key,)))

    monkeypatch.setattr(app.extensions["object_store"], "put", slow)
    with pytest.raises(DomainError, match="too long"):
        send(saver)
    assert of_user(saver) == ("none", None)


def test_a_row_that_fails_leaves_an_object_that_is_known(
    saver: Saver, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the process ended here")

    monkeypatch.setattr(papers, "refresh_standing", lambda *_, **__: broken())
    with pytest.raises(RuntimeError):
        send(saver)
    assert run(lambda: fetch("SELECT status FROM stored_files WHERE user_id = %s", (saver.id,))) == [("arriving",)]
    assert run(lambda: fetch("SELECT count(*) FROM kyc_documents WHERE user_id = %s", (saver.id,))) == [(0,)]


def test_keys_are_random_and_say_nothing(saver: Saver, send: Send) -> None:
    keys = {file_of(send(saver, kind).id)[0] for kind in papers.PAPERS}
    assert len(keys) == len(papers.PAPERS)
    for key in keys:
        folder, _, name = key.partition("/")
        assert (folder, name[-4:]) == (storing.FOLDERS["paper"], ".jpg")
        assert len(name) == 32 + 4
        assert str(saver.id)[:8] not in key


def test_a_png_with_a_glass_ground_becomes_white(app: Flask, saver: Saver, send: Send) -> None:
    from io import BytesIO

    from PIL import Image

    for mode in ("RGBA", "LA", "P", "L", "1", "I;16"):
        body = BytesIO()
        picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0)) if mode != "I;16" else Image.new("I;16", (40, 40), 60_000)
        (picture if mode in {"RGBA", "I;16"} else picture.convert(mode)).save(body, "PNG")
        paper = send(saver, "pan", body=body.getvalue())
        kept = app.extensions["object_store"].get(file_of(paper.id)[0])
        with Image.open(BytesIO(kept)) as image:
            assert (image.mode, image.size) == ("RGB", (40, 40)), mode
            if mode in {"RGBA", "LA"}:
                assert image.getpixel((5, 5)) == (255, 255, 255), mode


def test_a_picture_of_cmyk_is_taken(saver: Saver, send: Send) -> None:
    from io import BytesIO

    from PIL import Image

    body = BytesIO()
    Image.new("CMYK", (64, 64)).save(body, "JPEG")
    assert send(saver, body=body.getvalue()).status == "pending"
    assert send(saver, body=files.picture(size=(640, 400), progressive=True)).status == "pending"
