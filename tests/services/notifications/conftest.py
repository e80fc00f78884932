from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.services.notifications import devices, sending
from app.services.notifications.notices import write
from app.tasks.notifications import send_out
from app.transactions import fetch, queue, run
from devstack.stack import Stack
from tests import factories
from tests.conftest import Clock, app_settings, application, create_database
from tests.factories import Saver
from tests.outside import Call, MailServer, WebServer, mail_server, web_server

TEMPLATES = "instalment_due=1107160000000000001,instalment_due.hi=1107160000000000002,kyc_decided=1107160000000000003"


@dataclass
class Post:
    """An application that has every way out, and the servers that these lead to."""

    app: Flask
    mail: MailServer
    web: WebServer
    clock: Clock

    def saver(self, **values: Any) -> Saver:
        return factories.make_saver(self.app, **values)

    def tell(self, saver: Saver, kind: str, facts: dict[str, Any], **more: Any) -> UUID:
        """An inbox row, as a service writes it; its id."""
        return run(lambda: write(saver.id, kind, facts, at=self.clock.now(), **more))

    def fan_out(self, saver: Saver, *notices: UUID) -> set[str]:
        return sending.make_deliveries([(str(saver.id), str(one)) for one in notices], at=self.clock.now())

    def send_out(self, saver: Saver, *notices: UUID) -> None:
        """As the outbox's message has it done."""
        send_out.run([{"notices": [[str(saver.id), str(one)] for one in notices]}])

    def send_due(self) -> dict[str, int]:
        return sending.send_due(self.clock.now)

    def rows(self, saver: Saver) -> list[tuple[Any, ...]]:
        """Channel, status, attempts and last error of a saver's deliveries."""
        return run(
            lambda: fetch(
                "SELECT channel, status, attempts, last_error FROM deliveries WHERE user_id = %s ORDER BY id",
                (saver.id,),
            )
        )

    def phone(self, saver: Saver, token: str) -> UUID:
        return run(
            lambda: devices.register_phone(
                saver.id, saver.family_id, f"ExponentPushToken[{token}]", at=self.clock.now()
            )
        ).id

    def verify_phone(self, saver: Saver) -> None:
        run(lambda: queue("UPDATE users SET phone_verified_at = %s WHERE id = %s", (datetime.now(UTC), saver.id)))


@pytest.fixture(scope="module")
def post_office(stack: Stack, template: str) -> Iterator[Post]:
    """One application, mail server and web server for a file's tests."""
    name = f"chhota_post_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with mail_server(user="chhota", password="kettle") as mail, web_server() as web:
        values = app_settings(
            stack,
            SMTP_URL=mail.url,
            MAIL_FROM="Chhota <hello@chhota.example>",
            MAIL_REPLY_TO="help@chhota.example",
            PUBLIC_URL="https://chhota.example",
            EXPO_PUSH_URL=f"{web.url}/expo",
            EXPO_ACCESS_TOKEN="expo-secret",
            SMS_URL=f"{web.url}/sms",
            SMS_KEY="sms-secret",
            SMS_SENDER="CHHOTA",
            SMS_ENTITY_ID="1101000000000000001",
            SMS_TEMPLATES=TEMPLATES,
        )
        with application(values, name) as app:
            yield Post(app, mail, web, None)  # type: ignore[arg-type]


@pytest.fixture
def post(post_office: Post, clock: Clock) -> Iterator[Post]:
    """The same, with nothing on its way from an earlier test."""
    mail, web = post_office.mail, post_office.web
    for held in (mail.raw, mail.recipients, mail.answers, web.calls):
        held.clear()
    mail.connections, web.answer, post_office.clock = 0, took, clock
    mailer = post_office.app.extensions["mailer"]
    sending.wake()
    with post_office.app.app_context():
        for table in ("deliveries", "push_devices", "outbox"):
            run(lambda table=table: queue(f"DELETE FROM {table}"))
        yield post_office
    post_office.app.extensions["mailer"] = mailer
    sending.wake()


def took(_call: Call) -> tuple[int, bytes]:
    return 201, b""
