"""Push to browsers: encrypted for one subscription (RFC 8291), signed with the installation's key (RFC 8292).

The endpoint comes from a browser, so it is a URL from a client. Only those of the known push services are called.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Protocol
from urllib.parse import urlsplit

from app.integrations.outgoing import Away, Http, Outcome, judge

BATCH = 32
AT_ONCE = 8
VISIBLE = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
LARGEST = 3900  # bytes of a payload; services take 4096 with what encryption adds
# Firefox, Chrome and what is built on it, Windows, Safari.
SERVICES = re.compile(
    r"(fcm|android)\.googleapis\.com|jmt17\.google\.com|updates(-[a-z0-9-]+)?\.push\.services\.mozilla\.com"
    r"|[a-z0-9-]+\.notify\.windows\.com|(web|api)\.push\.apple\.com"
)


@dataclass(frozen=True, slots=True)
class BrowserMessage:
    """``topic``: at most 32 characters; a later message of one topic replaces an earlier that waits for a browser."""

    endpoint: str
    keys: Mapping[str, str]
    payload: bytes
    topic: str
    seconds: int
    urgent: bool = False


class BrowserPush(Protocol):
    """What reaches browsers."""

    configured: bool

    def accepts(self, endpoint: str) -> bool:
        """Whether ``endpoint`` is that of a push service that is known here."""

    def deliver(self, messages: Sequence[BrowserMessage]) -> list[Outcome]:
        """Hand over ``messages``, a few at a time; what became of each. Each service may be away by itself."""


class VapidPush:
    """The push services of browsers. ``anywhere``: also those on this machine, for tests."""

    configured = True

    def __init__(self, private_key: str, contact: str, *, anywhere: bool = False) -> None:
        self._private_key = private_key
        self._contact = contact
        self._anywhere = anywhere
        self._http = Http(connections=AT_ONCE)

    def accepts(self, endpoint: str) -> bool:
        """See BrowserPush."""
        return accepts(endpoint, anywhere=self._anywhere)

    def deliver(self, messages: Sequence[BrowserMessage]) -> list[Outcome]:
        """See BrowserPush."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(self._send, messages))

    def _send(self, message: BrowserMessage) -> Outcome:
        if not self.accepts(message.endpoint):
            return Outcome("gone", "unknown_service")
        try:
            body = encrypt(message.payload, message.keys)
        except ValueError:
            return Outcome("gone", "bad_keys")
        headers = {
            "Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm", "TTL": str(message.seconds),
            "Urgency": "high" if message.urgent else "normal", "Topic": message.topic,
            "Authorization": self._signature(message.endpoint),
        }  # fmt: skip
        try:
            status, _ = self._http.post(message.endpoint, body, headers)
        except Away:
            return Outcome("retry", "away")
        return judge(status)

    def _signature(self, endpoint: str) -> str:
        from py_vapid import Vapid02

        parts = urlsplit(endpoint)
        signer = Vapid02.from_raw(self._private_key.encode())
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": self._contact}
        return str(signer.sign(claims)["Authorization"])


class NullBrowserPush:
    """Stands in where no keys are configured: nothing leaves, no subscription is taken."""

    configured = False

    def accepts(self, endpoint: str) -> bool:
        """Never."""
        return False

    def deliver(self, messages: Sequence[BrowserMessage]) -> list[Outcome]:
        """Always raises Away."""
        raise Away("not_configured")


def accepts(endpoint: str, *, anywhere: bool = False) -> bool:
    """Whether ``endpoint`` is an https URL of a known push service; ``anywhere``: or one on this machine."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    # What Python's two readers of URLs could take differently (tabs, backslashes, …) is in no endpoint.
    if (
        not VISIBLE.fullmatch(endpoint)
        or parts.username is not None
        or parts.password is not None
        or not parts.hostname
    ):
        return False
    if anywhere and parts.hostname == "127.0.0.1":
        return True
    return parts.scheme == "https" and port in {None, 443} and SERVICES.fullmatch(parts.hostname) is not None


def usable_keys(keys: Mapping[str, str]) -> bool:
    """Whether ``keys`` are those of a subscription: a point of the curve and sixteen secret bytes, in base64url."""
    try:
        encrypt(b" ", keys)
    except ValueError:
        return False
    return True


def encrypt(payload: bytes, keys: Mapping[str, str]) -> bytes:
    """``payload`` for the holder of ``keys`` alone, different each time. Raises ValueError for keys that are none."""
    # At its first use: most processes never push to a browser.
    from cryptography.hazmat.primitives.asymmetric import ec
    from pywebpush import WebPusher

    try:
        point, secret = _decoded(keys["p256dh"]), _decoded(keys["auth"])
    except (KeyError, AttributeError, UnicodeEncodeError, binascii.Error) as error:
        raise ValueError("these are no keys of a subscription") from error
    if len(point) != 65 or len(secret) != 16 or len(payload) > LARGEST:
        raise ValueError("these are no keys of a subscription")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    own = {name: keys[name] for name in ("p256dh", "auth")}
    # The endpoint is not called from there: what is on our way out has its own time-outs and judges its answers.
    body: bytes = WebPusher({"endpoint": "", "keys": own}).encode(payload)["body"]
    return body


def make_keys() -> tuple[str, str]:
    """A new private key and its public half, as the settings and browsers take them."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_numbers().private_value.to_bytes(32, "big")
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return _encoded(private), _encoded(public)


def belong_together(private_key: str, public_key: str) -> bool:
    """Whether the two settings are halves of one pair."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = ec.derive_private_key(int.from_bytes(_decoded(private_key), "big"), ec.SECP256R1())
    except (ValueError, binascii.Error, UnicodeEncodeError):
        return False
    return _encoded(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)) == public_key


def _decoded(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def browser_push(config: Mapping[str, Any]) -> BrowserPush:
    """Push with the keys of ``config``; the Null twin without them."""
    if not config["VAPID_PRIVATE_KEY"]:
        return NullBrowserPush()
    # Push services want to know whom to write to about a sender that misbehaves.
    _, address = parseaddr(config["MAIL_REPLY_TO"] or config["MAIL_FROM"])
    if address:
        contact = f"mailto:{address}"
    elif config["PUBLIC_URL"].startswith("https://"):
        contact = config["PUBLIC_URL"]
    else:
        contact = "mailto:nobody@localhost.invalid"
    return VapidPush(config["VAPID_PRIVATE_KEY"], contact, anywhere=config["APP_ENV"] == "testing")
