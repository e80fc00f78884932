"""create_app(): wiring, nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from flask import Flask, Request, current_app
from flask.sessions import SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

import config as settings
from app import clock, connections, extensions, observability
from app.blueprints import api, compression, device_tokens, errors, headers, languages, ops, uploads, web
from app.cli import register_commands
from app.integrations.email import mailer
from app.integrations.model_store import model_store
from app.integrations.object_store import object_store
from app.integrations.openid import Providers
from app.integrations.payments import payments
from app.integrations.push import phone_push
from app.integrations.scanner import scanner
from app.integrations.sms import sms
from app.integrations.web_push import browser_push
from app.services.ops.clock import offset_from_database
from app.tasks import schedule


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application, wired with ``config`` (default: what config.py loads). Raises config.SettingsError."""
    values = dict(settings.load() if config is None else config)
    observability.init_logging(values)
    observability.init_sentry(values)
    app = _App(__name__)
    app.config.update(values)
    app.request_class = _Request
    app.session_interface = _PageSessions()
    app.json.sort_keys = False  # type: ignore[attr-defined]
    if values["TRUSTED_PROXIES"]:
        hops = values["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    observability.init_app(app)
    compression.init_app(app)
    _bind_extensions(app)
    languages.init_app(app)
    device_tokens.init_app(app)
    api.init_app(app)
    web.init_app(app)
    ops.init_app(app)
    errors.init_app(app)
    headers.init_app(app)
    register_commands(app)
    clock.set_offset_provider(None if values["APP_ENV"] == "production" else offset_from_database(app))
    return app


class _App(Flask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is a coroutine: nine looks at each request find that out again."""
        return func


class _PageSessions(SecureCookieSessionInterface):
    def should_set_cookie(self, app: Flask, session: Any) -> bool:
        """Only where it was changed: a file's answer that comes after a form's would put back what was before it."""
        return bool(session.modified)

    # The API reads and writes no cookie.
    def open_session(self, app: Flask, request: Request) -> Any:
        if request.path.startswith("/api/"):
            return self.make_null_session(app)
        return super().open_session(app, request)


class _Request(Request):
    # The largest form field is a note; the whole body has a limit of its own. Werkzeug holds the part of a file that it
    # has just read to this as well: 65,536 bytes, and some that may be the beginning of what ends it.
    max_form_memory_size = 131_072
    max_form_parts = 100

    @property
    def max_content_length(self) -> int | None:
        """What the view takes: more where it takes a file."""
        if self._max_content_length is not None or not current_app:
            return super().max_content_length
        return uploads.room_of(current_app.view_functions.get(self.endpoint or ""), current_app.config)

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _get_file_stream(self, *_: Any, **__: Any) -> BytesIO:
        """In memory, where Werkzeug would write what is large to a disk, in the clear."""
        return BytesIO()


def _bind_extensions(app: Flask) -> None:
    importlib.import_module("app.models")  # registers every table

    app.teardown_appcontext(connections.end)  # after the ORM's own: the last named runs first
    extensions.db.init_app(app)
    with app.app_context():
        connections.tend_connections(extensions.db.engine)
    extensions.migrate.init_app(app, extensions.db, directory=str(settings.ROOT / "migrations"))
    extensions.jwt.init_app(app)
    extensions.login.init_app(app)
    extensions.csrf.init_app(app)
    app.config.update(
        CACHE_TYPE="app.integrations.redis_cache.GuardedRedisCache",
        CACHE_REDIS_URL=app.config["REDIS_URL"],
        CACHE_KEY_PREFIX="chhota:",
        RATELIMIT_STORAGE_URI=app.config["REDIS_URL"] or "memory://",
        RATELIMIT_STORAGE_OPTIONS={"socket_timeout": 0.1, "socket_connect_timeout": 0.1}
        if app.config["REDIS_URL"]
        else {},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        # Only the first call that finds Redis away goes over to the memory; whatever is under way beside it would fail.
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_KEY_PREFIX="chhota:limit",
    )
    extensions.cache.init_app(app)
    extensions.limiter.init_app(app)
    bucket = object_store(app.config)
    app.extensions |= {
        "object_store": bucket,
        "scanner": scanner(app.config),
        "model_store": model_store(app.config, bucket, settings.ROOT),
        "payments": payments(app.config),
        "openid": Providers(app, app.config["OPENID_PROVIDERS"]),
        "mailer": mailer(app.config),
        "phone_push": phone_push(app.config),
        "browser_push": browser_push(app.config),
        "sms": sms(app.config),
    }
    schedule.init_celery(app, extensions.celery)
