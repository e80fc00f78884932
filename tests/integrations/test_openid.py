"""Providers over HTTP: what they say is checked, kept for a while, and never believed beyond what is signed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask

import config as settings
from app.integrations import openid
from app.integrations.openid import Begun, Providers, Untrusted
from app.integrations.outgoing import Away
from tests.openid import DISCOVERY, KEYS, OpenIdProvider, openid_provider

BACK = "http://127.0.0.1:8000/login/with/door/back"


@pytest.fixture
def door() -> Iterator[OpenIdProvider]:
    with openid_provider() as provider:
        provider.redirects.add(BACK)
        provider.person("asha@example.com", subject="asha-1")
        yield provider


@pytest.fixture
def providers(door: OpenIdProvider) -> Providers:
    return Providers(Flask(__name__), settings.parse({"OPENID_PROVIDERS": door.setting})["OPENID_PROVIDERS"])


def come_back(begun: Begun) -> str:
    """Go to the provider, and come back with a code."""
    answer = requests.get(begun.url, allow_redirects=False, timeout=10)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == [begun.state]
    return query["code"][0]


def through(providers: Providers) -> openid.Identity:
    begun = providers.begin("door", BACK)
    return providers.finish("door", begun, come_back(begun), BACK)


def test_there_and_back(door: OpenIdProvider, providers: Providers) -> None:
    begun = providers.begin("door", BACK)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert (asked["state"], asked["nonce"]) == (begun.state, begun.nonce)
    assert min(len(begun.state), len(begun.nonce)) >= 20
    assert len(begun.verifier) >= 43
    assert begun.verifier not in begun.url
    assert asked["scope"] == "openid email profile"
    identity = providers.finish("door", begun, come_back(begun), BACK)
    assert identity == openid.Identity(door.issuer, "asha-1", "asha@example.com", "Asha Devi")
    assert providers.label_of(door.issuer) == "Gullak ID"
    assert providers.label_of("https://gone.example/x") == "gone.example"


def test_what_it_says_of_itself_and_its_keys_are_asked_for_once(door: OpenIdProvider, providers: Providers) -> None:
    for _ in range(3):
        through(providers)
    assert (door.count(DISCOVERY), door.count("/keys"), door.count("/token")) == (1, 1, 3)


@pytest.mark.parametrize(
    "manner",
    ["wrong_nonce", "no_nonce", "other_audience", "other_audience_for_us", "other_issuer", "expired", "other_key",
     "none", "hmac", "hmac_secret", "no_id_token", "no_subject", "strange_subject"],
)  # fmt: skip
def test_a_bad_token_proves_nothing(door: OpenIdProvider, providers: Providers, manner: str) -> None:
    through(providers)
    door.manner = manner
    with pytest.raises(Untrusted):
        through(providers)
    door.manner = ""
    assert through(providers).subject == "asha-1", "nothing is held against it"


def test_who_shall_show_anew_who_they_are_is_not_waved_through(door: OpenIdProvider, providers: Providers) -> None:
    def anew() -> openid.Identity:
        begun = providers.begin("door", BACK, anew=True)
        assert parse_qs(urlsplit(begun.url).query)["max_age"] == ["0"]
        return providers.finish("door", begun, come_back(begun), BACK)

    assert anew().subject == "asha-1"
    door.manner = "old_sign_in"
    with pytest.raises(Untrusted):
        anew()
    assert through(providers).subject == "asha-1", "at a sign-in it says nothing"
    door.manner = "no_auth_time"
    assert anew().subject == "asha-1", "not every provider says it"


@pytest.mark.parametrize("manner", ["other_issuer_document", "http_endpoint", "not_json", "list"])
def test_a_bad_word_about_itself_is_not_believed(door: OpenIdProvider, providers: Providers, manner: str) -> None:
    door.manner = manner
    with pytest.raises(Untrusted):
        providers.begin("door", BACK)
    door.manner = ""
    assert through(providers).subject == "asha-1"


def test_a_code_works_once_and_with_its_own_verifier(door: OpenIdProvider, providers: Providers) -> None:
    begun = providers.begin("door", BACK)
    code = come_back(begun)
    providers.finish("door", begun, code, BACK)
    with pytest.raises(Untrusted):
        providers.finish("door", begun, code, BACK)
    other = providers.begin("door", BACK)
    with pytest.raises(Untrusted):
        providers.finish("door", replace(other, verifier=begun.verifier), come_back(other), BACK)
    with pytest.raises(Untrusted):
        providers.finish("door", replace(other, nonce=begun.nonce), come_back(other), BACK)


@pytest.mark.parametrize(
    ("email", "verified", "taken"),
    [
        ("a@example.com", True, "a@example.com"),
        ("a@example.com", "true", "a@example.com"),
        ("a@example.com", False, None),
        ("a@example.com", "false", None),
        ("a@example.com", 1, None),
        ("a@example.com", None, None),
        ("", True, None),
        (None, True, None),
    ],
)
def test_only_an_address_that_it_has_verified_counts(
    door: OpenIdProvider, providers: Providers, email: str | None, verified: object, taken: str | None
) -> None:
    door.person(email, verified=verified)
    assert through(providers).email == taken


def test_a_new_key_is_fetched_once_and_not_again_for_every_token(
    door: OpenIdProvider, providers: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(providers)
    door.key = KEYS[1]
    with pytest.raises(Untrusted):
        through(providers)
    assert door.count("/keys") == 1, "they were fetched just now"
    at = time.monotonic()
    monkeypatch.setattr(openid.time, "monotonic", lambda: at + openid.KEYS_AGAIN_SECONDS + 1)
    assert through(providers).subject == "asha-1"
    assert door.count("/keys") == 2
    door.key = KEYS[0]
    for _ in range(3):
        with pytest.raises(Untrusted):
            through(providers)
    assert door.count("/keys") == 2
    monkeypatch.setattr(openid.time, "monotonic", lambda: at + openid.KEPT_SECONDS + 100)
    assert through(providers).subject == "asha-1"
    assert (door.count("/keys"), door.count(DISCOVERY)) == (3, 2)


@pytest.mark.parametrize("manner", ["silent", "error", "big", "redirect"])
def test_one_that_does_not_answer_is_left_alone_for_a_while(
    door: OpenIdProvider, providers: Providers, manner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid, "READ_SECONDS", 0.2)
    door.manner = manner
    with pytest.raises(Away):
        providers.begin("door", BACK)
    door.manner, asked = "", len(door.asked)
    with pytest.raises(Away, match="resting"):
        providers.begin("door", BACK)
    assert len(door.asked) == asked
    at = time.monotonic()
    monkeypatch.setattr(openid.time, "monotonic", lambda: at + openid.REST_SECONDS + 1)
    assert through(providers).subject == "asha-1"


def test_one_that_is_gone_between_there_and_back(door: OpenIdProvider, providers: Providers) -> None:
    begun = providers.begin("door", BACK)
    code = come_back(begun)
    door.manner = "error"
    with pytest.raises(Away):
        providers.finish("door", begun, code, BACK)


def test_nobody_is_configured() -> None:
    none = Providers(Flask(__name__), ())
    assert none.labels == {}
    assert none.label_of("https://gone.example") == "gone.example"
