"""Chhota on a home screen: what the browser must know to put it there, the worker behind the pages, no connection."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from app.blueprints.languages import LOCALES, language, use
from app.blueprints.web.access import page_access

blueprint = Blueprint("web_installing", __name__)
# It fetches our own files, and the picture beside a notice.
WORKER_POLICY = "default-src 'none'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'"
PAPER, CLAY = "#fbf5ea", "#a8442a"
ICONS = (("any-192", "192x192", "any"), ("any-512", "512x512", "any"), ("maskable-512", "512x512", "maskable"))


@blueprint.get("/manifest.webmanifest")
@page_access("public")
def manifest() -> Response:
    """Name, icons and colours of the installed program."""
    values: dict[str, Any] = {
        "id": "/",
        "name": "Chhota",
        "short_name": "Chhota",
        "start_url": "/dashboard",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "categories": ["finance"],
        "icons": [
            {"src": _static(f"icons/{name}.png"), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
    }
    answer = Response(current_app.json.dumps(values), mimetype="application/manifest+json")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


@blueprint.get("/offline")
@page_access("public")
def offline() -> Response:
    """What the worker shows where there is no connection: the same page for everybody, in the language asked for."""
    asked = request.args.get("language")
    if asked in LOCALES:
        use(asked)
    answer = make_response(render_template("errors/offline.html"))
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/service-worker.js")
@page_access("public")
def service_worker() -> Response:
    """The worker behind every page; at the root, because it must answer for what lies below its own address.

    It begins with the reader's language and the version of what it keeps: a browser sees by its bytes that there is
    something new.
    """
    version = blake2b(offline().get_data(), digest_size=5).hexdigest()
    code = Path(current_app.static_folder or "", "js/service-worker.js").read_text(encoding="utf-8")
    answer = Response(f'const LANGUAGE = "{language()}", VERSION = "{version}";\n{code}', mimetype="text/javascript")
    answer.headers["Content-Security-Policy"] = WORKER_POLICY
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _static(filename: str) -> str:
    return url_for("static", filename=filename, v=current_app.extensions["asset_version"]())
