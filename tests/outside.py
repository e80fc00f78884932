"""The outside world on this machine: a mail server, and a web server that plays push services and an SMS gateway."""

from __future__ import annotations

import json
import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session


@dataclass
class MailServer:
    """A real SMTP server. ``answers``: what it says to the next letters instead of taking them, in turn."""

    url: str = ""
    raw: list[bytes] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def letters(self) -> list[EmailMessage]:
        """The letters it took, parsed."""
        return [BytesParser(policy=default).parsebytes(one) for one in self.raw]  # type: ignore[misc]

    def to(self, address: str) -> list[EmailMessage]:
        """Those to one address."""
        return [letter for letter in self.letters if letter["To"] == address]

    async def handle_EHLO(
        self, _server: Any, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, _server: Any, _session: Session, envelope: Envelope) -> str:
        if self.answers:
            answer = self.answers.pop(0)
            if not answer.startswith("250"):
                return answer
        self.raw.append(envelope.original_content or b"")
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # the system's choice
        super()._trigger_server()


@contextmanager
def mail_server(*, user: str = "", password: str = "", **how: Any) -> Iterator[MailServer]:
    """A mail server, in the clear unless ``how`` says otherwise (aiosmtpd's keywords); asks for the name if given."""
    taken = MailServer()

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        fits = isinstance(given, LoginPassword) and (given.login, given.password) == (user.encode(), password.encode())
        return AuthResult(success=fits, handled=False)

    more: dict[str, Any] = {"auth_required": True, "auth_require_tls": False} if user else {}
    if user:
        more["authenticator"] = authenticate
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a password without TLS: it is this machine
        controller = _AnyPort(taken, hostname="127.0.0.1", port=0, ready_timeout=20, **more, **how)
    controller.start()
    try:
        port = controller.port
        taken.url = f"smtp://{user}:{password}@127.0.0.1:{port}" if user else f"smtp://127.0.0.1:{port}"
        yield taken
    finally:
        controller.stop()


@dataclass
class Call:
    """One request that the web server got."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


@dataclass
class WebServer:
    """``answer(call)`` gives status and body; ``calls`` is what came."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[Call], tuple[int, bytes]] = lambda call: (201, b"")


@contextmanager
def web_server() -> Iterator[WebServer]:
    """A web server that writes down what it is sent."""
    world = WebServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            call = Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            world.calls.append(call)
            status, answer = world.answer(call)
            self.send_response(status)
            if status in {301, 302, 307, 308}:
                self.send_header("Location", answer.decode())
                answer = b""
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    world.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield world
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
