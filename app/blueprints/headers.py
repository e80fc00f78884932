"""What every answer says to the browser: what it may load, keep and show elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Swagger UI draws its icons from data: URLs; the savers' pages need nothing but our own files.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
COMMON = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
TRANSPORT = "max-age=63072000; includeSubDomains"
A_YEAR = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"


def init_app(app: Flask) -> None:
    """Put the headers on every answer of ``app``. What a view has set itself stays."""
    app.wsgi_app = _Guarded(app.wsgi_app, f"{app.static_url_path}/")  # type: ignore[method-assign]


class _Guarded:
    # Around the application: an answer that a hook fails to give has them too, and plain pairs cost the path of a
    # deposit a tenth of what werkzeug's Headers do.

    def __init__(self, application: WSGIApplication, static: str) -> None:
        self._application = application
        self._static = static

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def respond(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            given = {name.lower(): value for name, value in headers}
            headers.extend(pair for pair in COMMON if pair[0].lower() not in given)
            if "content-security-policy" not in given:
                page = given.get("content-type", "").startswith("text/html")
                headers.append(("Content-Security-Policy", PAGE_POLICY if page else DATA_POLICY))
            if environ["wsgi.url_scheme"] == "https" and "strict-transport-security" not in given:
                headers.append(("Strict-Transport-Security", TRANSPORT))
            path = environ["PATH_INFO"]
            if path.startswith(self._static) and status[:3] in {"200", "206", "304"}:
                headers[:] = [pair for pair in headers if pair[0] != "Cache-Control"]
                # A version in the address, or a font (a changed one gets another name): nothing to ask for a year.
                lasting = "v=" in environ.get("QUERY_STRING", "") or "/fonts/" in path
                headers.append(("Cache-Control", A_YEAR if lasting else AN_HOUR))
            elif "cache-control" not in given:
                headers.append(("Cache-Control", "no-store"))
            return start_response(status, headers, exc_info)

        return self._application(environ, respond)
