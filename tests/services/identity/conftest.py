from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from app.services.identity import account_letters
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.tasks.identity import find_forgotten
from app.transactions import fetch, queue, run
from devstack.stack import Stack
from tests import factories
from tests.conftest import app_settings, application, create_database
from tests.factories import Saver
from tests.outside import MailServer, WebServer, mail_server, web_server

SITE = "https://chhota.example"


@dataclass
class House:
    """An application whose letters and SMS leave, and the servers that take them."""

    app: Flask
    mail: MailServer
    web: WebServer

    def saver(self, **values: Any) -> Saver:
        return factories.make_saver(self.app, **values)

    def send_out(self) -> None:
        """As the worker does with what the outbox holds."""
        rows = run(lambda: fetch("DELETE FROM outbox RETURNING topic, payload"))
        forgotten = [payload for topic, payload in rows if topic == "identity.password_forgotten"]
        if forgotten:
            find_forgotten.run(forgotten)
        perform(JOBS["identity.send_letters"])

    def outbox(self) -> str:
        """All that the outbox, the inbox and the tables of proofs hold, as text."""
        tables = ("outbox", "notifications", "proofs", "account_letters", "two_factor", "recovery_codes", "audit_log",
                  "known_devices")  # fmt: skip
        return "\n".join(
            str(row) for table in tables for row in run(lambda t=table: fetch(f"SELECT t::text FROM {t} t"))
        )

    def letters(self, saver: Saver, about: str = "") -> list[EmailMessage]:
        return [letter for letter in self.mail.to(saver.email) if about in letter["Subject"]]

    def token(self, letter: EmailMessage) -> str:
        """What the link of a letter ends in; the same in both forms of it."""
        texts = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
        found = {link for text in texts for link in re.findall(rf"{SITE}/(?:email|reset)/([\w.-]+)", text)}
        assert len(found) == 1
        return found.pop()

    def audited(self, saver: Saver) -> list[tuple[str, dict[str, Any]]]:
        return [
            tuple(row)
            for row in run(
                lambda: fetch(
                    "SELECT action, details FROM audit_log WHERE subject_id = %s ORDER BY id", (str(saver.id),)
                )
            )
        ]

    def told(self, saver: Saver) -> list[str]:
        """What the saver was told of the account."""
        rows = run(
            lambda: fetch(
                "SELECT facts->>'what' FROM notifications WHERE user_id = %s AND kind = 'account_changed' ORDER BY id",
                (saver.id,),
            )
        )
        return [what for (what,) in rows]

    def grow_older(self, saver: Saver, **since: int) -> None:
        """Let all that was sent to the saver lie further back (keywords of make_interval)."""
        parts = ", ".join(f"{name} => {value}" for name, value in since.items())
        run(
            lambda: queue(
                f"UPDATE proofs SET created_at = created_at - make_interval({parts}),"
                f" expires_at = expires_at - make_interval({parts}) WHERE user_id = %s",
                (saver.id,),
            )
        )


@pytest.fixture(scope="module")
def open_house(stack: Stack, template: str) -> Iterator[House]:
    name = f"chhota_house_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with mail_server() as mail, web_server() as web:
        values = app_settings(
            stack, SMTP_URL=mail.url, MAIL_FROM="Chhota <hello@chhota.example>", PUBLIC_URL=SITE,
            MAIL_REPLY_TO="help@chhota.example", SMS_URL=f"{web.url}/sms", SMS_KEY="k", SMS_SENDER="CHHOTA",
            SMS_ENTITY_ID="1", SMS_TEMPLATES="phone_code=1107160000000000009",
        )  # fmt: skip
        with application(values, name) as app:
            yield House(app, mail, web)


@pytest.fixture
def house(open_house: House) -> Iterator[House]:
    """The same with nothing on its way from an earlier test, in an application context."""
    for held in (open_house.mail.raw, open_house.mail.recipients, open_house.mail.answers, open_house.web.calls):
        held.clear()
    account_letters.wake()
    with open_house.app.app_context():
        run(lambda: queue("DELETE FROM account_letters"))
        run(lambda: queue("DELETE FROM outbox"))
        yield open_house
    account_letters.wake()
