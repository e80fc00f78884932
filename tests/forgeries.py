"""Tokens as somebody without the key would make them, and some that only a thief of the key could."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jwt
from flask import Flask

NOW = int(datetime.now(UTC).timestamp())


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def signed(app: Flask, claims: dict[str, Any], *, key: str | None = None, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key or app.config["JWT_SECRET_KEY"], algorithm=algorithm)


def without(claims: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in names}


FORGERIES = {
    "alg none": lambda app, good, other: jwt.encode(good, None, algorithm="none"),
    "another key": lambda app, good, other: signed(app, good, key="k" * 40),
    "the other secret": lambda app, good, other: signed(app, good, key=app.config["SECRET_KEY"]),
    "HS512": lambda app, good, other: signed(app, good, algorithm="HS512"),
    "HS384": lambda app, good, other: signed(app, good, algorithm="HS384"),
    "no exp": lambda app, good, other: signed(app, without(good, "exp")),
    "no sub": lambda app, good, other: signed(app, without(good, "sub")),
    "no sid": lambda app, good, other: signed(app, without(good, "sid")),
    "no jti": lambda app, good, other: signed(app, without(good, "jti")),
    "no iat": lambda app, good, other: signed(app, without(good, "iat")),
    "no aud": lambda app, good, other: signed(app, without(good, "aud")),
    "no iss": lambda app, good, other: signed(app, without(good, "iss")),
    "wrong aud": lambda app, good, other: signed(app, good | {"aud": "somebody"}),
    "wrong iss": lambda app, good, other: signed(app, good | {"iss": "somebody"}),
    "wrong type": lambda app, good, other: signed(app, good | {"type": "admin"}),
    "no type": lambda app, good, other: signed(app, without(good, "type")),
    "future nbf": lambda app, good, other: signed(app, good | {"nbf": NOW + 3600}),
    "sub a number": lambda app, good, other: signed(app, good | {"sub": 7}),
    "sub not an id": lambda app, good, other: signed(app, good | {"sub": "' OR 1=1 --"}),
    "sid not an id": lambda app, good, other: signed(app, good | {"sid": "x"}),
    "sid a list": lambda app, good, other: signed(app, good | {"sid": [good["sid"]]}),
    "exp a word": lambda app, good, other: signed(app, good | {"exp": "never"}),
    "one bit flipped": lambda app, good, other: flipped(signed(app, good)),
    "payload swapped": lambda app, good, other: swapped(signed(app, good), signed(app, good | {"sub": other})),
    "no signature": lambda app, good, other: signed(app, good).rpartition(".")[0] + ".",
    "garbage": lambda app, good, other: "garbage",
    "dots": lambda app, good, other: "...",
    "very long": lambda app, good, other: "a" * 20_000,
    "not ASCII": lambda app, good, other: "é.é.é",
}


def flipped(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def swapped(good: str, forged: str) -> str:
    return ".".join([good.split(".")[0], forged.split(".")[1], good.split(".")[2]])
