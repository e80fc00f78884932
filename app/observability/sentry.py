"""Error reports to Sentry, rebuilt key by key from what may leave the house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.observability.scope import scope_values
from app.observability.scrubbing import scrub

if TYPE_CHECKING:
    from sentry_sdk.transport import Transport

_EVENT_KEYS = ("event_id", "timestamp", "platform", "level", "release", "environment", "sdk", "modules", "type")
_FRAME_KEYS = ("filename", "function", "module", "lineno", "in_app")


def init_sentry(config: Mapping[str, Any], *, transport: type[Transport] | Transport | None = None) -> None:
    """Report unhandled errors of web and workers to ``SENTRY_DSN``; nothing where it is empty.

    A report holds types, places in the code, the route's endpoint, the request id and the user's id: no message, no
    variable, no body, no header, no breadcrumb. ``transport`` replaces the HTTP one.
    """
    if not config.get("SENTRY_DSN"):
        return
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        dsn=config["SENTRY_DSN"],
        environment=config.get("APP_ENV", "production"),
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        # A log line is not an error report, and its text could hold anything.
        integrations=[LoggingIntegration(level=None, event_level=None)],
        before_send=scrub_event,
        before_send_transaction=lambda event, hint: None,
        transport=transport,
    )


def scrub_event(event: Any, hint: Mapping[str, Any] | None = None) -> Any:
    """A new event with the allowed parts of ``event`` only."""
    kept: dict[str, Any] = {key: event[key] for key in _EVENT_KEYS if key in event}
    kept["exception"] = {"values": [_exception(value) for value in (event.get("exception") or {}).get("values") or ()]}
    message = event.get("message") or (event.get("logentry") or {}).get("message")
    if isinstance(message, str):
        kept["message"] = scrub(message)
    # Flask's endpoint or Celery's task name; a raw path would begin with a slash.
    transaction = event.get("transaction")
    if isinstance(transaction, str) and not transaction.startswith(("/", "http")):
        kept["transaction"] = scrub(transaction)
    scope = scope_values()
    if "request_id" in scope:
        kept["tags"] = {"request_id": scope["request_id"]}
    if "user_id" in scope:
        kept["user"] = {"id": scope["user_id"]}
    method = (event.get("request") or {}).get("method")
    if isinstance(method, str):
        kept["request"] = {"method": method[:10]}
    contexts = event.get("contexts") or {}
    kept["contexts"] = {key: contexts[key] for key in ("runtime", "os", "trace") if key in contexts}
    return kept


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or ()
    mechanism = value.get("mechanism") or {}
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "mechanism": {key: mechanism[key] for key in ("type", "handled") if key in mechanism},
        "stacktrace": {"frames": [{key: frame[key] for key in _FRAME_KEYS if key in frame} for frame in frames]},
    }
