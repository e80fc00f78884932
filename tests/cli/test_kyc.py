from __future__ import annotations

import urllib3
from flask import Flask

from app.services.identity.kyc import papers
from app.transactions import fetch, run
from tests import factories, files
from tests.conftest import Clock
from tests.factories import Saver


def send(app: Flask, saver: Saver, clock: Clock, number: str | None = None) -> str:
    with app.app_context():
        sent = papers.send(
            saver.principal(), document_type="pan", number=number, sent=files.picture(size=(40, 40)), at=clock.now()
        )
    return str(sent.id)


def test_a_paper_is_listed_shown_and_accepted(app: Flask, flask, saver: Saver, clock: Clock) -> None:
    paper, staff = send(app, saver, clock, "BZKPD7301L"), factories.make_staff(app, "support")
    (line,) = [line for line in flask("kyc", "list").stdout.splitlines() if line.startswith(paper)]
    assert line == f"{paper}  2026-07-15 06:30  pan"
    shown = flask("kyc", "show", paper, "--by", staff.email)
    assert "pan of Asha Devi, sent 2026-07-15 06:30 UTC" in shown.stdout
    assert "number BZKPDXXXXL" in shown.stdout
    assert "BZKPD7301L" not in shown.output
    link = next(line for line in shown.stdout.splitlines() if line.startswith("http"))
    assert urllib3.request("GET", link).data.startswith(b"\xff\xd8\xff")
    with app.app_context():
        looked = run(
            lambda: fetch("SELECT actor_id FROM audit_log WHERE subject_id = %s AND action LIKE '%%viewed'", (paper,))
        )
    assert looked == [(staff.id,)]
    result = flask("kyc", "verify", paper, "--by", staff.email)
    assert (result.exit_code, result.stdout) == (0, f"{paper} is verified, and its saver is told.\n")
    assert paper not in flask("kyc", "list").stdout
    assert saver.get("/api/kyc/").json["status"] == "verified"


def test_a_paper_is_turned_down_or_asked_for_again(app: Flask, flask, clock: Clock) -> None:
    staff = factories.make_staff(app)
    for command, reason, status in (("reject", "expired", "rejected"), ("ask-again", "unreadable", "resubmit")):
        saver = factories.make_saver(app)
        paper = send(app, saver, clock)
        result = flask("kyc", command, paper, "--reason", reason, "--by", staff.email)
        assert (result.exit_code, result.stdout) == (0, f"{paper} is {status}, and its saver is told.\n")
        assert saver.get("/api/kyc/").json["documents"][0]["reason"] == reason


def test_where_two_are_needed_it_says_so(app: Flask, flask, clock: Clock) -> None:
    first, second = (factories.make_staff(app).email for _ in range(2))
    for saver in (factories.make_saver(app), factories.make_saver(app)):
        paper = send(app, saver, clock, "CXRPM4410Q")
    assert "number known on another account" in flask("kyc", "list").stdout
    assert "NUMBER KNOWN: on papers of 1 other accounts" in flask("kyc", "show", paper, "--by", first).stdout
    result = flask("kyc", "verify", paper, "--by", first)
    assert "once a second member of staff says the same" in result.stdout
    again = flask("kyc", "verify", paper, "--by", first)
    assert (again.exit_code, "a second member of staff has to agree" in again.stderr) == (1, True)
    assert "a second word is needed: verified" in flask("kyc", "list").stdout
    assert "says verified" in flask("kyc", "show", paper, "--by", second).stdout
    assert flask("kyc", "verify", paper, "--by", second).stdout.endswith("is verified, and its saver is told.\n")


def test_refusals_are_sentences(app: Flask, flask, saver: Saver, clock: Clock) -> None:
    paper, staff = send(app, saver, clock), factories.make_staff(app)
    unknown = "0199c1f0-0000-7000-8000-000000000003"
    own = send(app, staff, clock)
    for arguments, words in (
        (("show", unknown, "--by", staff.email), "There is no such paper."),
        (("show", paper, "--by", saver.email), "is not an active member of staff"),
        (("show", own, "--by", staff.email), "Nobody looks at their own papers"),
        (("reject", paper, "--reason", "because", "--by", staff.email), "Invalid value for '--reason'"),
    ):
        result = flask("kyc", *arguments)
        assert result.exit_code != 0
        assert words in result.stderr


def test_a_late_one_says_so(app: Flask, flask, saver: Saver, clock: Clock) -> None:
    paper = send(app, saver, clock)
    clock.advance(days=4)
    (line,) = [line for line in flask("kyc", "list").stdout.splitlines() if line.startswith(paper)]
    assert line.endswith("LATE")
