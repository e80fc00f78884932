"""Idempotency-Key: reading it, and giving an answer back byte for byte."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, request

from app.blueprints.api import problems
from app.blueprints.api.access import caller
from app.errors import DomainError
from app.services.idempotency.once import Answer, Claim

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers

KEY = re.compile(r"[\x21-\x7e]{1,255}")
PARAMETER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
    "description": "The same key with the same body returns the first answer again and moves nothing.",
}


def claim(route: str, values: dict[str, Any]) -> Claim | None:
    """The key that this call came with, for ``route`` and all ``values`` that decide what it does.

    Raises DomainError ``idempotency_key_invalid``.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not KEY.fullmatch(key):
        raise DomainError("idempotency_key_invalid", "A key has 1 to 255 visible ASCII characters.")
    return Claim(caller().id, key, route, sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).digest())


class _Written(Response):
    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """The headers as they are: the length is among them, and there is no address to complete."""
        return self.headers


def answer(answer: Answer) -> Response:
    """The response of a rendered answer."""
    mimetype = "application/json" if answer.status < 400 else problems.PROBLEM_TYPE
    response = _Written(answer.body, answer.status, mimetype=mimetype)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response
