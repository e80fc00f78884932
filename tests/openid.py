"""An OpenID provider on loopback, over HTTP, with keys of its own: it checks what it is asked, and can be told to lie.

It keeps to the protocol: client and redirect address must be its own, PKCE is demanded, a code works once, and the
secret comes in the header. ``manner`` makes the next answers bad in one way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "chhota-tests", "a secret that nobody guesses + % 0123456789"
DISCOVERY = "/.well-known/openid-configuration"


def _key() -> RSAKey:
    key = RSAKey.generate_key(2048, parameters={"use": "sig", "alg": "RS256"})
    key.ensure_kid()
    return key


def _part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


#: Making one takes a while: tests share these.
KEYS = [_key(), _key()]


class OpenIdProvider:
    """``claims`` are of whoever signs in; ``asked`` counts the calls by path.

    ``manner`` (bad in one way): wrong_nonce, no_nonce, other_audience, other_audience_for_us, other_issuer, expired,
    other_key, none, hmac, hmac_secret, no_id_token, no_subject, strange_subject, other_issuer_document, http_endpoint,
    not_json, list, silent, error, big, redirect. Asked to have the person sign in anew: old_sign_in (they were not
    asked), no_auth_time (it does not say).
    """

    def __init__(self) -> None:
        self.issuer = ""
        self.claims: dict[str, Any] = {}
        self.manner = ""
        self.refuses = ""
        self.asked: list[str] = []
        self.key = KEYS[0]
        self.go_on = threading.Event()
        self.redirects: set[str] = set()
        #: Whether a person has to press a button there; without, whoever comes is sent back at once.
        self.shows_page = False
        self._codes: dict[str, dict[str, str]] = {}

    def person(self, email: str | None, *, subject: str | None = None, verified: Any = True, name: str = "Asha Devi"):
        """Have this person sign in from now on."""
        self.claims = {"sub": subject or secrets.token_hex(8), "name": name}
        if email is not None:
            self.claims |= {"email": email, "email_verified": verified}

    @property
    def setting(self) -> str:
        """OPENID_PROVIDERS with this one."""
        one = {
            "name": "door", "label": "Gullak ID", "discovery_url": self.issuer + DISCOVERY, "client_id": CLIENT,
            "client_secret": SECRET,
        }  # fmt: skip
        return json.dumps([one])

    def count(self, path: str) -> int:
        """How often ``path`` was asked for."""
        return self.asked.count(path)

    def document(self) -> dict[str, Any]:
        """What it says of itself."""
        said: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            "verify": False,  # a setting of the client's connection, not the provider's to choose
        }
        if self.manner == "other_issuer_document":
            said["issuer"] = "https://elsewhere.example"
        if self.manner == "http_endpoint":
            said["token_endpoint"] = "http://elsewhere.example/token"
        return said

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the person is sent back to."""
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        assert asked["redirect_uri"] in self.redirects, asked["redirect_uri"]
        if self.refuses:
            back = {"error": self.refuses, "error_description": "<b>no</b>", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            back = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, asked: dict[str, str], authorization: str) -> tuple[int, Any]:
        """Status and document of the token call."""
        kind, _, pair = authorization.partition(" ")
        name, _, secret = base64.b64decode(pair).decode().partition(":")
        if (kind, name, secret) != ("Basic", CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        about = self._codes.pop(asked.get("code", ""), None)
        verifier = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        challenge = _part(verifier)
        if (
            about is None
            or asked.get("redirect_uri") != about["redirect_uri"]
            or challenge != about["code_challenge"]
            or asked.get("grant_type") != "authorization_code"
        ):
            return 400, {"error": "invalid_grant"}
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 60}
        if self.manner != "no_id_token":
            answer["id_token"] = self.id_token(about["nonce"], anew="max_age" in about)
        return 200, answer

    def id_token(self, nonce: str, *, anew: bool = False) -> str:
        """A signed word about the person, or a bad one."""
        now = int(time.time())
        claims = self.claims | {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        if anew and self.manner != "no_auth_time":
            claims["auth_time"] = now - (3600 if self.manner == "old_sign_in" else 0)
        changed: dict[str, dict[str, Any]] = {
            "wrong_nonce": {"nonce": "another"},
            "other_audience": {"aud": "another-client"},
            "other_audience_for_us": {"aud": "another-client", "azp": CLIENT},
            "other_issuer": {"iss": "https://elsewhere.example"},
            "expired": {"iat": now - 900, "exp": now - 600},
            "no_subject": {"sub": ""},
            "strange_subject": {"sub": ["a", "b"]},
        }
        claims |= changed.get(self.manner, {})
        if self.manner == "no_nonce":
            del claims["nonce"]
        header = {"alg": "RS256", "kid": self.key.kid}
        if self.manner in {"none", "hmac", "hmac_secret"}:
            # What no library makes for us: unsigned, or signed with what others know too.
            key = {"none": b"", "hmac": self.key.as_pem(private=False), "hmac_secret": SECRET.encode()}[self.manner]
            header["alg"] = "none" if self.manner == "none" else "HS256"
            text = ".".join(_part(json.dumps(value).encode()) for value in (header, claims))
            return f"{text}.{_part(hmac.digest(key, text.encode(), 'sha256')) if key else ''}"
        if self.manner == "other_key":  # under the name of the right one
            return jwt.encode(header, claims, KEYS[1])
        return jwt.encode(header, claims, self.key)

    def keys(self) -> dict[str, Any]:
        """Its public keys."""
        return KeySet([self.key]).as_dict(private=False)


@contextmanager
def openid_provider() -> Iterator[OpenIdProvider]:
    """One that serves on a port of its own."""
    state = OpenIdProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, urlsplit(self.path).query
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            state.asked.append(path)
            if path == "/authorize":
                if state.shows_page:
                    return self.reply(200, PAGE.format(href=escape(state.authorize(asked))), "text/html")
                return self.reply(303, "", location=state.authorize(asked))
            return self.answer(200, state.document() if path == DISCOVERY else state.keys())

        def do_POST(self) -> None:
            state.asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*state.token(asked, self.headers.get("Authorization", "")))

        def answer(self, status: int, document: Any) -> None:
            manner = state.manner
            if manner == "silent":
                state.go_on.wait(30)
                self.close_connection = True
            elif manner == "error":
                self.reply(500, "{}")
            elif manner == "redirect":
                self.reply(302, "", location=f"{state.issuer}/elsewhere")
            elif manner == "not_json":
                self.reply(status, "<html>")
            elif manner == "list":
                self.reply(status, "[1, 2]")
            elif manner == "big":
                self.reply(status, json.dumps(document | {"more": "x" * 1_000_000}))
            else:
                self.reply(status, json.dumps(document))

        def reply(self, status: int, text: str, kind: str = "application/json", *, location: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(text.encode())

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the caller has had enough

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield state
    finally:
        state.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


PAGE = '<!doctype html><html lang="en"><title>Gullak ID</title><h1>Gullak ID</h1><a href="{href}">It is me</a></html>'
