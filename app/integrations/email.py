"""E-mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from app.integrations.outgoing import SENT, Away, Outcome

SECONDS = 10.0  # for each answer of the server
BATCH_SECONDS = 60.0  # for all letters of a batch; what is left then has another turn
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


@dataclass(frozen=True, slots=True)
class Letter:
    """``sender`` and ``to`` are addresses alone; ``content`` is the whole message with its headers."""

    sender: str
    to: str
    content: bytes


class Mailer(Protocol):
    """What takes letters out of the house."""

    configured: bool

    def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Hand over ``letters``, all on one connection; what became of each. Raises Away where none could be tried."""

    def reachable(self) -> bool:
        """Whether the server answers and takes our name and password."""


class SmtpMailer:
    """A mail server. The connection is made for each batch and closed after it."""

    configured = True

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")

    def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """See Mailer."""
        outcomes: list[Outcome] = []
        server = self._connect()
        began = time.monotonic()
        try:
            for letter in letters:
                if outcomes and time.monotonic() - began > BATCH_SECONDS:
                    return outcomes + [Outcome("retry", "slow")] * (len(letters) - len(outcomes))
                try:
                    outcomes.append(_send(server, letter))
                except (OSError, smtplib.SMTPServerDisconnected) as error:
                    # Whether it took the letter at hand is not known: the same letter goes again, under the same id.
                    rest = len(letters) - len(outcomes)
                    return outcomes + [Outcome("retry", type(error).__name__)] * rest
            return outcomes
        finally:
            with suppress(smtplib.SMTPException, OSError):
                server.quit()

    def reachable(self) -> bool:
        """See Mailer."""
        try:
            server = self._connect()
        except Away:
            return False
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
        return True

    def _connect(self) -> smtplib.SMTP:
        server: smtplib.SMTP | None = None
        try:
            if self._scheme == "smtps":
                server = smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=ssl.create_default_context())
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=SECONDS)
            if self._scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if self._user:
                server.login(self._user, self._password)
        except (OSError, smtplib.SMTPException) as error:
            if server is not None:
                server.close()
            raise Away(type(error).__name__) from error
        return server


def _send(server: smtplib.SMTP, letter: Letter) -> Outcome:
    local, _, domain = letter.to.rpartition("@")
    to, options = letter.to, []
    try:
        if not to.isascii():
            to = f"{local}@{domain.encode('idna').decode()}"
            options = [] if to.isascii() else ["SMTPUTF8"]
        if options and not server.has_extn("smtputf8"):
            return Outcome("refused", "smtp_utf8")
        server.sendmail(letter.sender, [to], letter.content, mail_options=options)
    except smtplib.SMTPRecipientsRefused as refused:
        code = max(code for code, _ in refused.recipients.values())
        return _judge(code)
    except smtplib.SMTPSenderRefused as refused:
        # Our own address is what the operator can mend, so the letter is not given up.
        return Outcome("retry", f"smtp_sender_{refused.smtp_code}")
    except smtplib.SMTPResponseException as refused:
        return _judge(refused.smtp_code)
    except UnicodeError:
        return Outcome("refused", "no_address")
    return SENT


def _judge(code: int) -> Outcome:
    return Outcome("refused" if code >= 500 else "retry", f"smtp_{code}")


class NullMailer:
    """Stands in where no mail server is configured: nothing leaves."""

    configured = False

    def deliver(self, letters: Sequence[Letter]) -> list[Outcome]:
        """Always raises Away."""
        raise Away("not_configured")

    def reachable(self) -> bool:
        """Never."""
        return False


def mailer(config: Mapping[str, Any]) -> Mailer:
    """The mail server that ``config`` names; the Null twin without one."""
    return SmtpMailer(config["SMTP_URL"]) if config["SMTP_URL"] else NullMailer()
