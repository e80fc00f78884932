"""A request reaches staff with what the saver saw, and its answer reaches the saver."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

import pytest
from flask import Flask

from app.errors import DomainError, Invalid, NotFound
from app.services.audit import log as audit
from app.services.ops import support_answers, support_letters, support_requests
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.services.ops.support_requests import About, SupportRequest
from app.tasks.outbox import RECEIVERS
from app.transactions import fetch, run
from devstack.stack import Stack
from tests import factories
from tests.conftest import Clock, app_settings, application, create_database
from tests.factories import Saver
from tests.outside import MailServer, mail_server

OFFICER = {
    "GRIEVANCE_OFFICER_NAME": "Meera Iyer",
    "GRIEVANCE_OFFICER_EMAIL": "meera.iyer@chhota.example",
    "GRIEVANCE_OFFICER_PHONE": "+91 80 4718 2200",
}


def ask(saver: Saver, clock: Clock, **values: Any) -> SupportRequest:
    said = {"subject": "My score", "text": "A week is missing."} | values
    return run(lambda: support_requests.ask(saver.principal(), **said, at=clock.now()))


@pytest.mark.usefixtures("context")
def test_staff_see_the_score_that_the_saver_saw(saver: Saver, clock: Clock) -> None:
    factories.live_weeks(saver, clock, "110111110111")
    asked = ask(saver, clock, about=About("score"))
    saver.deposit(saver.jar(plan_type="weekly"), "50")
    clock.advance(days=30)
    factories.score(saver, clock)
    shown = run(lambda: support_answers.show(asked.reference, at=clock.now())).shown
    assert shown is not None
    assert (shown["score"], shown["policy_version"], shown["model_version"]) == (711, "rule-1", None)
    assert shown["as_of"] == asked.created_at.isoformat()
    assert shown["features"]["on_time_in_window"] == 10


@pytest.mark.usefixtures("context")
def test_a_score_that_nobody_has_yet_is_no_hindrance(saver: Saver, clock: Clock) -> None:
    asked = ask(saver, clock, about=About("score"))
    assert run(lambda: support_answers.show(asked.reference, at=clock.now())).shown is None


@pytest.mark.usefixtures("context")
def test_staff_see_the_movement(saver: Saver, clock: Clock) -> None:
    movement = saver.deposit(saver.jar(), "50").json["transaction"]
    asked = ask(saver, clock, about=About("transaction", movement["id"]))
    shown = run(lambda: support_answers.show(asked.reference.lower(), at=clock.now())).shown
    assert shown is not None
    assert (shown["type"], shown["amount"], shown["jar_id"]) == ("deposit", 5000, movement["jar_id"])


@pytest.mark.usefixtures("context")
def test_staff_see_the_loan(app: Flask, saver: Saver, clock: Clock) -> None:
    loan = factories.lend(saver, saver.jar(), clock.now())
    asked = ask(saver, clock, about=About("loan", loan))
    shown = run(lambda: support_answers.show(asked.reference, at=clock.now())).shown
    assert shown is not None
    assert (shown["status"], shown["amount"], shown["tenure_months"]) == ("accepted", 500_000, 12)
    with pytest.raises(NotFound):
        ask(factories.make_saver(app), clock, about=About("loan", loan))


@pytest.mark.usefixtures("context")
def test_the_day_is_the_saver_s_own(app: Flask, clock: Clock) -> None:
    clock.set(clock.now().replace(hour=19))  # tomorrow in Kolkata
    assert str(ask(factories.make_saver(app), clock).answer_by) == "2026-07-23"
    assert str(ask(factories.make_saver(app, time_zone="America/New_York"), clock).answer_by) == "2026-07-22"


@pytest.mark.usefixtures("context")
def test_an_answer_is_given_once_and_told(app: Flask, saver: Saver, clock: Clock) -> None:
    staff = factories.make_staff(app, "support")
    asked = ask(saver, clock)
    assert asked.reference in [row.reference for row in run(support_answers.listed)]
    clock.advance(days=1)
    run(lambda: support_answers.answer(asked.reference, " We added the week. ", by=staff.id, at=clock.now()))
    with pytest.raises(DomainError, match="already_answered"):
        run(lambda: support_answers.answer(asked.reference, "Again", by=staff.id, at=clock.now()))
    found = run(lambda: support_requests.read(saver.id, asked.id))
    assert (found.status, found.answer, found.answered_at) == ("answered", "We added the week.", clock.now())
    assert asked.reference not in [row.reference for row in run(support_answers.listed)]
    assert asked.reference in [row.reference for row in run(lambda: support_answers.listed(answered=True))]
    (notice,) = [one for one in saver.get("/api/notifications/").json["items"] if one["kind"] == "support_answered"]
    assert notice["title"] == f"We have answered {asked.reference}"
    assert notice["action"]["path"] == f"/support/{asked.id}"


@pytest.mark.usefixtures("context")
def test_what_is_refused(app: Flask, saver: Saver, clock: Clock) -> None:
    staff, asked = factories.make_staff(app), ask(saver, clock)
    with pytest.raises(NotFound):
        run(lambda: support_answers.show("CH-0000-0000", at=clock.now()))
    with pytest.raises(Invalid):
        run(lambda: support_answers.answer(asked.reference, " \n", by=staff.id, at=clock.now()))
    with pytest.raises(NotFound):
        run(lambda: support_requests.read(factories.make_saver(app).id, asked.id))
    assert run(lambda: support_requests.read(saver.id, asked.id)).status == "open"


@pytest.mark.usefixtures("context")
def test_each_step_stands_in_the_audit_log_without_what_was_said(app: Flask, saver: Saver, clock: Clock) -> None:
    staff, asked = factories.make_staff(app), ask(saver, clock, text="canary in the text")
    run(lambda: support_answers.show(asked.reference, at=clock.now()))
    run(lambda: support_answers.answer(asked.reference, "canary in the answer", by=staff.id, at=clock.now()))
    rows = run(
        lambda: fetch(
            "SELECT action, actor_id, actor, details::text FROM audit_log WHERE subject_id = %s ORDER BY id",
            (str(asked.id),),
        )
    )
    assert [row[:3] for row in rows] == [
        ("support_requested", saver.id, "saver"),
        ("support_request_read", None, "operator"),
        ("support_answered", staff.id, "staff"),
    ]
    assert "canary" not in str(rows)
    assert run(lambda: list(audit.verify())) == []


# ---- the officer's letter ----


@dataclass
class Office:
    """An application with a mail server, and an officer who reads it."""

    app: Flask
    mail: MailServer


@pytest.fixture
def office(stack: Stack, template: str, clock: Clock) -> Iterator[Office]:
    name = f"chhota_office_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with mail_server(user="chhota", password="kettle") as mail:
        values = app_settings(stack, SMTP_URL=mail.url, MAIL_FROM="Chhota <hello@chhota.example>", **OFFICER)
        with application(values, name) as app, app.app_context():
            yield Office(app, mail)


def tell() -> int:
    return perform(JOBS["support.tell_officer"]).done


def test_the_officer_hears_once_and_nothing_personal_leaves(office: Office, clock: Clock) -> None:
    assert RECEIVERS["support.asked"] == ("support.tell_officer",)
    saver = factories.make_saver(office.app)
    asked = ask(saver, clock, subject="canary", text="canary@example.com", about=About("score"))
    assert tell() == 1
    assert tell() == 0
    (raw,) = office.mail.raw
    letter = message_from_bytes(raw)
    assert letter["Message-ID"] == f"<{asked.id}@chhota.example>"
    assert "meera.iyer@chhota.example" in letter["To"]
    text = raw.decode()
    assert asked.reference in text
    assert "2026-07-22" in text
    for secret in ("canary", saver.email, "Asha", str(saver.id)):
        assert secret not in text
    assert "saver of Chhota asks for help with their score" in text


def test_a_mail_server_that_is_away_is_asked_again(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(factories.make_saver(office.app), clock)
    with monkeypatch.context() as away:
        away.setattr(office.app.extensions["mailer"], "_port", 9)
        assert tell() == 0
    assert tell() == 1
    assert len(office.mail.raw) == 1


def test_killed_before_it_is_noted_the_same_letter_goes_again(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(factories.make_saver(office.app), clock)

    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(support_letters, "queue", die)
        with pytest.raises(SystemExit):
            tell()
    assert tell() == 1
    assert tell() == 0
    ids = [message_from_bytes(raw)["Message-ID"] for raw in office.mail.raw]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_without_a_mail_server_nothing_is_tried(app: Flask, saver: Saver, clock: Clock, context: None) -> None:
    asked = ask(saver, clock)
    assert tell() == 0
    (row,) = [row for row in run(support_answers.listed) if row.reference == asked.reference]
    assert not row.told


def test_the_doctor_says_how_many_wait_and_how_many_are_late(office: Office, clock: Clock) -> None:
    def check() -> tuple[str, str]:
        found = support_answers.standing(lambda sql, *values: run(lambda: fetch(sql, values))[0], clock.now())
        return found.state, found.says

    assert check() == ("ok", "0 of savers' requests wait for an answer")
    ask(factories.make_saver(office.app), clock)
    clock.advance(days=7)
    assert check() == ("ok", "1 of savers' requests wait for an answer")
    clock.advance(days=1)
    assert check() == ("problem", "1 of savers' requests should have been answered by now")


def test_an_answered_request_needs_no_letter(office: Office, clock: Clock) -> None:
    asked = ask(factories.make_saver(office.app), clock)
    staff = factories.make_staff(office.app)
    run(lambda: support_answers.answer(asked.reference, "Done", by=staff.id, at=clock.now()))
    assert tell() == 0


# ---- not content with the answer ----


def answered(app: Flask, saver: Saver, clock: Clock, **more: Any) -> tuple[SupportRequest, Saver]:
    staff, asked = factories.make_staff(app, "support"), ask(saver, clock, **more)
    run(lambda: support_answers.answer(asked.reference, "It is as it should be.", by=staff.id, at=clock.now()))
    return asked, staff


@pytest.mark.usefixtures("context")
def test_a_saver_asks_once_more_and_somebody_else_answers(app: Flask, saver: Saver, clock: Clock) -> None:
    asked, first = answered(app, saver, clock, about=About("score"))
    assert run(lambda: support_requests.read(saver.id, asked.id)).can_appeal
    clock.advance(days=1)
    again = run(lambda: support_requests.ask_again(saver.principal(), asked.id, "It is not.", at=clock.now()))
    assert (again.reference, again.level, again.appeal_of) == (f"{asked.reference}-2", 2, asked.id)
    assert str(again.answer_by) == "2026-07-23"
    whole = run(lambda: support_answers.show(again.reference, at=clock.now()))
    assert (whole.first_answer, whole.answered_before_by) == ("It is as it should be.", first.id)
    with pytest.raises(DomainError, match="same_person"):
        run(lambda: support_answers.answer(again.reference, "Still.", by=first.id, at=clock.now()))
    second = factories.make_staff(app)
    run(lambda: support_answers.answer(again.reference, "You are right.", by=second.id, at=clock.now()))
    held = run(lambda: support_requests.read(saver.id, again.id))
    assert (held.answer, held.can_appeal) == ("You are right.", False)


@pytest.mark.usefixtures("context")
def test_once_only_and_not_before_there_is_an_answer(app: Flask, saver: Saver, clock: Clock) -> None:
    waiting = ask(saver, clock)
    with pytest.raises(DomainError, match="not_answered"):
        run(lambda: support_requests.ask_again(saver.principal(), waiting.id, "Well?", at=clock.now()))
    asked, _ = answered(app, saver, clock)
    again = run(lambda: support_requests.ask_again(saver.principal(), asked.id, "No.", at=clock.now()))
    for which in (asked, again):
        with pytest.raises(DomainError, match=r"already_appealed|not_answered"):
            run(lambda: support_requests.ask_again(saver.principal(), which.id, "No, no.", at=clock.now()))  # noqa: B023
    other = factories.make_saver(app).principal()
    with pytest.raises(NotFound):
        run(lambda: support_requests.ask_again(other, asked.id, "Me too.", at=clock.now()))


# ---- late answers ----


def late() -> int:
    return perform(JOBS["support.tell_late"]).done


def test_a_late_answer_is_told_to_officer_and_saver_once_by_the_savers_own_day(office: Office, clock: Clock) -> None:
    here, there = (factories.make_saver(office.app, time_zone=zone) for zone in ("Asia/Kolkata", "America/New_York"))
    asked = ask(here, clock)
    ask(there, clock)
    clock.set(clock.now().replace(day=22, hour=18, minute=0))  # still the day in Kolkata
    assert late() == 0
    clock.advance(hours=1)  # over in Kolkata, not in New York
    assert late() == 1
    assert late() == 0
    (raw,) = office.mail.raw
    letter = message_from_bytes(raw)
    assert letter["Subject"] == f"{asked.reference}: LATE, was due on 2026-07-22"
    assert letter["Message-ID"] == f"<late-{asked.id}@chhota.example>"
    (notice,) = [one for one in here.get("/api/notifications/").json["items"] if one["kind"] == "support_answered"]
    assert notice["title"] == f"Our answer to {asked.reference} is late"
    (shown,) = here.get("/api/support-requests/").json["items"]
    assert (shown["overdue"], shown["status"], shown["level"], shown["can_appeal"]) == (True, "open", 1, False)
    assert run(lambda: fetch("SELECT action FROM audit_log WHERE subject_id = %s ORDER BY id", (str(asked.id),))) == [
        ("support_requested",),
        ("support_late",),
    ]


def test_killed_before_it_is_noted_the_same_late_letter_goes_again_and_the_saver_hears_once(
    office: Office, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = factories.make_saver(office.app)
    ask(saver, clock)
    clock.advance(days=9)

    def die(*_: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(support_letters, "_mark_late", die)
        with pytest.raises(SystemExit):
            late()
    with monkeypatch.context() as away:
        away.setattr(office.app.extensions["mailer"], "_port", 9)
        assert late() == 0
    assert late() == 1
    assert late() == 0
    assert len({message_from_bytes(raw)["Message-ID"] for raw in office.mail.raw}) == 1
    told = [one for one in saver.get("/api/notifications/").json["items"] if one["kind"] == "support_answered"]
    assert len(told) == 1


def test_without_a_mail_server_the_saver_is_told_all_the_same(
    app: Flask, saver: Saver, clock: Clock, context: None
) -> None:
    asked = ask(saver, clock)
    clock.advance(days=9)
    # Those of other tests are late by now too, and come first.
    assert late() >= 1
    while late():
        pass
    assert run(lambda: support_requests.read(saver.id, asked.id)).late_told_at == clock.now()
