"""Providers that sign people in for us: OpenID Connect, the code flow with PKCE, state and nonce, through Authlib.

What a provider says of itself and its keys is kept for an hour in each process. A key that is not among them has the
keys fetched once more, at most once in a minute. Web workers do one thing at a time, so every answer is waited for
briefly, and a provider that did not answer is left alone for some seconds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask
from joserfc.errors import JoseError

from app.integrations.outgoing import Away
from app.observability import get_logger

log = get_logger()
CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 2.0, 3.0, 4.0
MOST_BYTES = 262_144
KEPT_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 60.0
REST_SECONDS = 15.0
LEEWAY_SECONDS = 30
LONGEST_SUBJECT, LONGEST_ISSUER = 255, 500
# Signatures that a provider makes with a key that it alone has. Never "none", and never our own secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
KNOWN = (*ENDPOINTS, "issuer", "token_endpoint_auth_methods_supported")
DISCOVERY = "/.well-known/openid-configuration"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Untrusted(Exception):
    """What came back proves nothing. The argument is a short code for the log, never what somebody wrote."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where the person is sent, and what only this browser shall know until they come back.

    ``since`` (seconds since 1970): the provider was asked to have the person show who they are, and not earlier.
    """

    url: str
    state: str
    nonce: str
    verifier: str
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider vouches for. ``email`` only where the provider has verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str | None


class _Session(OAuth2Session):  # type: ignore[misc]
    """Short waits, small answers, no redirects, nothing of the machine's own settings."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.trust_env = False

    def request(self, method: str, url: str, *arguments: Any, **values: Any) -> requests.Response:
        ends = time.monotonic() + WHOLE_SECONDS
        values |= {"allow_redirects": False, "stream": True, "timeout": (CONNECT_SECONDS, READ_SECONDS)}
        response: requests.Response = super().request(method, url, *arguments, **values)
        body = bytearray()
        for piece in response.iter_content(16_384):
            body += piece
            if len(body) > MOST_BYTES:
                raise requests.exceptions.ContentDecodingError("too_much")
            if time.monotonic() > ends:
                raise requests.exceptions.ReadTimeout("too_slow")
        response._content = bytes(body)
        if response.is_redirect or response.status_code >= 500:
            raise requests.exceptions.HTTPError(f"http_{response.status_code}", response=response)
        return response


class _Client(FlaskOAuth2App):  # type: ignore[misc]
    """Authlib's client, but for how long it believes what it fetched, and what of that it takes."""

    client_cls = _Session

    def __init__(self, *arguments: Any, loopback: bool = False, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self._loopback = loopback
        self._said: dict[str, Any] = {}
        self._keys_at = float("-inf")

    def load_server_metadata(self) -> dict[str, Any]:
        """What the provider says of itself; fetched anew after an hour."""
        held = self._said
        if held.get("_loaded_at", float("-inf")) + KEPT_SECONDS > time.monotonic():
            return held
        said = self._fetch(self._server_metadata_url)
        if said.get("issuer") != self._server_metadata_url.removesuffix(DISCOVERY):
            raise Untrusted("another_issuer")
        for name in ENDPOINTS:
            if not self._may_be_asked(said.get(name)):
                raise Untrusted("endpoint_not_https")
        offered = said.get("id_token_signing_alg_values_supported")
        known = [name for name in ALGORITHMS if isinstance(offered, list) and name in offered] or ["RS256"]
        found = {name: said[name] for name in KNOWN if name in said}
        # In place of the one before as a whole: another thread may be reading it.
        self._said = found | {
            "id_token_signing_alg_values_supported": known, "_loaded_at": time.monotonic(), "jwks": held.get("jwks"),
        }  # fmt: skip
        return self._said

    def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:
        """The provider's keys; ``force`` (one that is not among them) fetches them at most once in a minute."""
        metadata = self.load_server_metadata()
        age, held = time.monotonic() - self._keys_at, metadata.get("jwks")
        if held and age < (KEYS_AGAIN_SECONDS if force else KEPT_SECONDS):
            return dict(held)
        keys = self._fetch(metadata["jwks_uri"])
        if not isinstance(keys.get("keys"), list):
            raise Untrusted("no_keys")
        self._keys_at, metadata["jwks"] = time.monotonic(), keys
        return keys

    def _fetch(self, url: str) -> dict[str, Any]:
        with self._get_session() as session:
            response = session.request("GET", url, withhold_token=True)
        response.raise_for_status()
        said = response.json()
        if not isinstance(said, dict):
            raise Untrusted("no_document")
        return said

    def _may_be_asked(self, url: object) -> bool:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        return parts.scheme == "https" or (self._loopback and parts.scheme == "http" and parts.hostname in LOOPBACK)

    def _get_oauth_client(self, **metadata: Any) -> OAuth2Session:
        # Of the metadata only what such a session is meant to take: it would take settings of the connection too.
        methods = metadata.get("token_endpoint_auth_methods_supported")
        posts = isinstance(methods, list) and "client_secret_basic" not in methods and "client_secret_post" in methods
        return super()._get_oauth_client(token_endpoint_auth_method="client_secret_post" if posts else None)


class Providers:
    """Those that this installation is set up with; none is its Null twin. ``labels``: what buttons call each."""

    def __init__(self, app: Flask, configured: Sequence[Any]) -> None:
        self.labels: dict[str, str] = {one.name: one.label for one in configured}
        self._names = {one.discovery_url.removesuffix(DISCOVERY): one.name for one in configured}
        self._clients: dict[str, _Client] = {}
        self._rests_until: dict[str, float] = {}
        registry = OAuth(app) if configured else None
        for one in configured:
            assert registry is not None  # there is one to register
            self._clients[one.name] = registry.register(
                one.name,
                client_cls=_Client,
                client_id=one.client_id,
                client_secret=one.client_secret,
                server_metadata_url=one.discovery_url,
                client_kwargs={"scope": one.scopes, "code_challenge_method": "S256"},
                loopback=one.discovery_url.startswith("http://"),
            )

    def label_of(self, issuer: str) -> str:
        """What an issuer is called; its host where it is configured no more."""
        name = self.name_of(issuer)
        return self.labels[name] if name else urlsplit(issuer).hostname or issuer

    def name_of(self, issuer: str) -> str | None:
        """Which of the configured ones that issuer is."""
        return self._names.get(issuer)

    def begin(self, name: str, redirect_uri: str, *, anew: bool = False) -> Begun:
        """Begin a sign-in at the provider ``name``. Raises Away, Untrusted.

        ``anew``: the person shall show there who they are, also where they are signed in there.
        """
        # Not by prompt=login: some providers know no such word and refuse it, and one of no use to them is ignored.
        asked = {"max_age": 0} if anew else {}
        made = self._ask(name, lambda client: client.create_authorization_url(redirect_uri, **asked))
        since = int(time.time()) if anew else None
        return Begun(made["url"], made["state"], made["nonce"], made["code_verifier"], since)

    def finish(self, name: str, begun: Begun, code: str, redirect_uri: str) -> Identity:
        """Whom the provider vouches for, by the ``code`` with which the person came back. Raises Away, Untrusted."""

        def work(client: _Client) -> Mapping[str, Any]:
            token = client.fetch_access_token(
                redirect_uri=redirect_uri, code=code, code_verifier=begun.verifier, state=begun.state
            )
            options = {
                "iss": {"essential": True, "value": client.load_server_metadata()["issuer"]},
                "aud": {"essential": True, "value": client.client_id},
            }
            claims = client.parse_id_token(token, nonce=begun.nonce, claims_options=options, leeway=LEEWAY_SECONDS)
            if claims is None:
                raise Untrusted("no_id_token")
            shown_at = claims.get("auth_time")
            if begun.since is not None and shown_at is not None and shown_at < begun.since - LEEWAY_SECONDS:
                raise Untrusted("signed_in_before")
            return dict(claims)

        return _identity(self._ask(name, work))

    def wake(self) -> None:
        """Forget that a provider was to be left alone."""
        self._rests_until.clear()

    def _ask(self, name: str, work: Any) -> Any:
        if time.monotonic() < self._rests_until.get(name, 0.0):
            raise Away("resting")
        try:
            return work(self._clients[name])
        except (requests.exceptions.RequestException, OSError) as error:
            if isinstance(error, requests.exceptions.JSONDecodeError):
                raise self._untrusted(name, "no_json") from error
            self._rests_until[name] = time.monotonic() + REST_SECONDS
            log.warning("openid_away", component=name, reason=type(error).__name__)
            raise Away(type(error).__name__) from error
        except OAuthError as error:
            raise self._untrusted(name, f"oauth_{type(error).__name__}") from error
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._untrusted(name, type(error).__name__) from error
        except Untrusted as error:
            raise self._untrusted(name, str(error)) from error

    @staticmethod
    def _untrusted(name: str, reason: str) -> Untrusted:
        log.warning("openid_untrusted", component=name, reason=reason)
        return Untrusted(reason)


def _identity(claims: Mapping[str, Any]) -> Identity:
    subject, issuer = claims["sub"], claims["iss"]
    for value, longest in ((subject, LONGEST_SUBJECT), (issuer, LONGEST_ISSUER)):
        if not isinstance(value, str) or not value or len(value) > longest or not value.isprintable():
            raise Untrusted("no_subject")
    email, name = claims.get("email"), claims.get("name")
    # Some providers write the word instead of the value.
    verified = claims.get("email_verified") is True or claims.get("email_verified") == "true"
    return Identity(
        issuer,
        subject,
        email if verified and isinstance(email, str) and email else None,
        name if isinstance(name, str) and name.strip() else None,
    )
