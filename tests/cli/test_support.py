from __future__ import annotations

from flask import Flask

from tests import factories
from tests.conftest import Clock
from tests.factories import Saver

BODY = {"subject": "My score", "text": "A week is missing.", "about": {"kind": "score"}}


def test_a_request_is_listed_shown_and_answered(app: Flask, flask, saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "1101")
    reference = saver.post("/api/support-requests/", BODY).json["reference"]
    staff = factories.make_staff(app, "support")
    (line,) = [line for line in flask("support", "list").stdout.splitlines() if reference in line]
    assert line.split()[1:4] == ["by", "2026-08-19", "score"]
    shown = flask("support", "show", reference).stdout
    assert "A week is missing." in shown
    assert '"policy_version": "rule-1"' in shown
    result = flask("support", "answer", reference, "--by", staff.email, input="We added it.\nThank you.\n")
    assert (result.exit_code, result.stdout) == (0, f"{reference} is answered, and its saver is told.\n")
    assert reference not in flask("support", "list").stdout
    assert reference in flask("support", "list", "--answered").stdout
    assert "We added it.\nThank you." in flask("support", "show", reference).stdout
    assert saver.get("/api/support-requests/").json["items"][0]["answer"] == "We added it.\nThank you."


def test_a_late_one_says_so(flask, saver: Saver, clock: Clock) -> None:
    reference = saver.post("/api/support-requests/", BODY).json["reference"]
    clock.advance(days=9)
    (line,) = [line for line in flask("support", "list").stdout.splitlines() if reference in line]
    assert "LATE" in line


def test_refusals_are_sentences(app: Flask, flask, saver: Saver, clock: Clock) -> None:
    reference = saver.post("/api/support-requests/", BODY).json["reference"]
    staff = factories.make_staff(app)
    for arguments, words in (
        (("show", "CH-0000-0000"), "There is no request CH-0000-0000."),
        (("answer", reference, "--by", saver.email, "--text", "x"), "is not an active member of staff"),
        (("answer", reference, "--by", staff.email, "--text", " "), "text: Give 1 to 4000 characters."),
    ):
        result = flask("support", *arguments)
        assert result.exit_code == 1
        assert words in result.stderr
