"""One id, one log line and two figures for each request, errors included."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address, ip_network
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask

from app.observability import metrics
from app.observability.logs import get_logger, write_request
from app.observability.scope import close_scope, open_scope

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "X-Request-Id"


def init_app(app: Flask) -> None:
    """Watch every request of ``app``: ``X-Request-Id`` on its answer, its log line, its figures, and ``/metrics``."""
    metrics.init_app(app)
    app.wsgi_app = _Observed(app.wsgi_app)  # type: ignore[method-assign]
    # Flask's own line holds the raw path and the exception's message.
    app.log_exception = _log_exception  # type: ignore[method-assign]


class _Observed:
    # Around the application, not in its hooks: an answer that a hook fails to give is watched too.

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = perf_counter()
        request_id, token = open_scope(environ.get("HTTP_X_REQUEST_ID"))
        status, route = "500", "unmatched"

        def respond(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            nonlocal status, route
            status = line[:3]
            # Flask takes the request out of the environment again when it is done with it.
            rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
            if rule is not None:
                route = rule.rule
            headers.append((HEADER, request_id))
            return start_response(line, headers, exc_info)

        try:
            return self._application(environ, respond)
        finally:
            # Whatever happens to the line, the answer goes out.
            with suppress(Exception):
                _record(environ, route, status, perf_counter() - started)
            close_scope(token)


def _record(environ: WSGIEnvironment, route: str, status: str, seconds: float) -> None:
    method = environ["REQUEST_METHOD"]
    metrics.count_request(method, route, status, seconds)
    write_request(
        logging.ERROR if status >= "500" else logging.INFO,
        method=method if len(method) <= 10 else "OTHER",
        route=route,
        status=int(status),
        duration_ms=round(seconds * 1000, 2),
        remote=network_of(environ.get("REMOTE_ADDR", "")),
    )


@lru_cache(maxsize=4096)
def network_of(address: str) -> str | None:
    """The /24 (IPv4) or /48 (IPv6) that an address lies in: enough to see a flood, too little to name a person."""
    try:
        prefix = 24 if ip_address(address).version == 4 else 48
    except ValueError:
        return None
    return str(ip_network((address, prefix), strict=False))


def _log_exception(exc_info: Any) -> None:
    get_logger().error("unhandled_exception", exc_info=exc_info or sys.exc_info())
