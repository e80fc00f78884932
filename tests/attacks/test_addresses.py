"""No address that a client names is called: none in a field, a header or a form, none that a push service sends."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask

from app import clock
from app.integrations.outgoing import Away, Http
from app.integrations.web_push import VapidPush, accepts, make_keys
from app.services.notifications import sending
from app.services.ops import support_letters
from app.services.ops.job_runs import Round
from tests.attacks import forms
from tests.attacks.test_bodies import texts
from tests.attacks.walking import Document, api_routes, body_of, make_person, pages, put_into, sent_with


@dataclass
class Listener:
    """Somebody's server inside the network, which is not to be reached."""

    url: str
    knocked: list[Any] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        inside = Listener(f"http://127.0.0.1:{server.getsockname()[1]}/latest/meta-data/")

        def take() -> None:
            while True:
                try:
                    client, address = server.accept()
                except OSError:
                    return
                inside.knocked.append(address)
                client.close()

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield inside
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_no_address_in_any_field_is_called(walked: Flask, document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address inside the network in each text of each call and form, and in the headers that name addresses."""
    sent = 0
    push = VapidPush(make_keys()[0], "mailto:push@example.com")  # as in production: not this machine
    monkeypatch.setitem(walked.extensions, "browser_push", push)
    with listening() as inside:
        headers = dict.fromkeys(("Referer", "Origin", "X-Forwarded-Host", "X-Original-URL", "Forwarded"), inside.url)
        for route in api_routes(walked):
            if route.method == "GET" or route.level == "refresh":
                continue
            person = make_person(walked, "admin" if route.level in {"support", "admin"} else "saver")
            path = route.path(walked, {name: person.id_of(name) for name in route.rule.arguments})
            for name in texts(document, route):
                body = put_into(body_of(person, route), name, inside.url)
                person.saver.client.open(
                    path, method=route.method, headers=headers | person.saver.headers,
                    **sent_with(document, route, body),
                )  # fmt: skip
                sent += 1
        person = make_person(walked)
        for call, form in forms.found(walked, person).items():
            route = next(one for one in pages(walked) if one.call == call)
            if route.level == "public":
                continue
            path = route.path(walked, {name: person.id_of(name) for name in route.rule.arguments if name in person.ids})
            data = dict.fromkeys(forms.as_sent(form), inside.url) | {"csrf_token": person.form_token}
            person.browser.post(path, data=data, query_string={"next": inside.url})
            sent += 1
        person.browser.get("/dashboard", headers=headers)
        with walked.app_context():
            sending.send_due(clock.now)
            support_letters.tell_officer(Round(clock.now()))
        assert sent > 50
        assert inside.knocked == []
        with socket.create_connection(("127.0.0.1", int(inside.url.split(":")[2].split("/")[0]))) as knocking:
            knocking.recv(1)
        assert len(inside.knocked) == 1  # somebody does listen


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/x", "https://10.0.0.1/x", "https://[::ffff:169.254.169.254]/x", "https://2852039166/x",
        "https://0x7f.1/x", "https://localhost/x", "https://metadata.google.internal/x",
        "https://fcm.googleapis.com./x", "https://fcm.googleapis.com.evil.example/x", "https://fcm.googleapis.com:22/x",
        "https://fcm.googleapis.com\\@evil.example/x", "https://evil.example\\.fcm.googleapis.com/x",
        "https://fcm.goo\tgleapis.com/x", "https://fcm.googleapis.com/x\r\nHost: evil.example", " https://fcm.googleapis.com/x",
        "https://a.b.notify.windows.com/x", "https://notify.windows.com/x", "https://evil.example#.notify.windows.com/x",
        "https://evil.example?.notify.windows.com", "gopher://fcm.googleapis.com/x", "http://fcm.googleapis.com/x",
        "https://push.services.mozilla.com.evil.example/x", "HTTPS://evil.example/fcm.googleapis.com",
    ],
)  # fmt: skip
def test_a_push_endpoint_is_one_of_a_service_that_is_known(endpoint: str) -> None:
    """By its name, whole, over TLS at its own port: where that name leads is proved by the certificate."""
    assert not accepts(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    ["https://fcm.googleapis.com/fcm/send/a:b-c_d", "https://updates.push.services.mozilla.com/wpush/v2/gAAA==",
     "https://wns2-par02p.notify.windows.com/w/?token=a%2b", "https://web.push.apple.com/QGux"],
)  # fmt: skip
def test_the_endpoints_of_browsers_are_taken(endpoint: str) -> None:
    assert accepts(endpoint)


def test_where_a_service_points_nobody_goes() -> None:
    """A redirect is an answer; so are a thousand megabytes, of which the first is read."""
    from tests.outside import web_server

    with listening() as inside, web_server() as service:
        for status in (301, 302, 303, 307, 308):
            service.answer = lambda _call, status=status: (status, inside.url.encode())
            assert Http().post(f"{service.url}/push", b"", {})[0] == status
        assert inside.knocked == []
        service.answer = lambda _call: (200, b"x" * (2 << 20))
        assert len(Http().post(f"{service.url}/push", b"", {})[1]) == 1 << 20


def test_a_name_that_leads_inside_needs_the_certificate_of_that_name(tmp_path: Path) -> None:
    """DNS that is turned round between look and call (rebinding) ends at TLS: who answers there must prove the name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "service.pem", "fcm.googleapis.com"))
    spoken: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            client, _ = server.accept()
            with suppress(OSError), context.wrap_socket(client, server_side=True) as secure:
                spoken.append(secure.recv(100))

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        with pytest.raises(Away):
            Http().post(f"https://127.0.0.1:{server.getsockname()[1]}/", b"what a saver is told", {})
        thread.join(5)
    assert b"".join(spoken) == b""


def self_signed(path: Path, name: str) -> Path:
    """A certificate that nobody vouches for, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path
