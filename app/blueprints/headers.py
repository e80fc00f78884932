"""What every answer says to the browser: what it may load, keep and show elsewhere."""

from __future__ import annotations

from flask import Flask, Response, request

# Swagger UI draws its icons from data: URLs; the savers' pages need nothing but our own files.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TRANSPORT = "max-age=63072000; includeSubDomains"
A_YEAR = 31_536_000
AN_HOUR = 3_600


def init_app(app: Flask) -> None:
    """Put the headers on every answer of ``app``. What a view has set itself stays."""

    @app.after_request
    def protect(response: Response) -> Response:
        if response.headers.get("X-Content-Type-Options") is None:
            response.headers.extend(COMMON)
        is_page = response.mimetype == "text/html"
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else DATA_POLICY)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", TRANSPORT)
        if request.endpoint == "static":
            _keep_static_file(response)
        elif not response.cache_control:
            response.headers["Cache-Control"] = "no-store"
        return response


def _keep_static_file(response: Response) -> None:
    # A version in the address, or a font (a changed one gets another name): nothing to ask about for a year.
    lasting = "v" in request.args or "/fonts/" in request.path
    response.cache_control.clear()
    response.cache_control.public = True
    response.cache_control.max_age = A_YEAR if lasting else AN_HOUR
    if lasting:
        response.cache_control.immutable = True
