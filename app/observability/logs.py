"""Log lines: JSON to stderr in production, readable in development, always through the same nets."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import orjson
import structlog

from app.observability.scope import scope_values
from app.observability.scrubbing import LONGEST_TEXT, describe_exception, scrub, type_name

#: Every key that a line may carry. A name, a note, a number of a document or an amount beside a user is not among them.
ALLOWED_KEYS: Final = frozenset(
    {
        *("event", "level", "timestamp", "logger", "message", "exception", "request_id", "user_id", "remote"),
        *("method", "route", "status", "duration_ms", "task", "task_id", "state", "queue", "topic", "retries"),
        *("jar_id", "transaction_id", "loan_id", "document_id", "decision_id", "notification_id", "job_id"),
        *("batch_id", "model_id", "checkpoint", "sequence", "kind", "code", "reason", "outcome", "component"),
        *("attempt", "attempts", "count", "done", "total", "failed", "skipped", "bytes", "lag_seconds"),
        *("retry_after", "setting", "version", "policy_version", "model_version"),
        *("sqlstate", "constraint", "errno"),
    }
)
# Written by this package from values that cannot be personal.
_KNOWN_GOOD: Final = frozenset(
    {"event", "level", "timestamp", "logger", "exception", "request_id", "remote", "method", "route", "duration_ms"}
)
_EVENT = re.compile(r"[a-z][a-z0-9_.]{0,63}")
# Loggers whose arguments are the program's own names; of all others only numbers are written into the message.
_TRUSTED_LOGGERS: Final = (
    "alembic.",
    "py.warnings",
    "celery.apps.",
    "celery.beat",
    "celery.worker.strategy",
    "celery.worker.consumer.connection",
)
# werkzeug writes the raw path of each request, celery.app.trace arguments and results: both have lines here instead.
_QUIETED: Final = {"werkzeug": logging.WARNING, "celery.app.trace": logging.CRITICAL}
_SERVER_LOGGERS: Final = ("gunicorn.error", "gunicorn.access")

EventDict = MutableMapping[str, Any]


def get_logger() -> Any:
    """A structlog logger. Events are names in snake_case (others are not written), keys those of ALLOWED_KEYS."""
    return structlog.get_logger()


# How the line of a request is written, and from which level on lines are.
_request_line: dict[str, Any] = {"render": None, "least": logging.INFO}


def write_request(level: int, **values: Any) -> None:
    """Write the line of one request as ``get_logger().log(level, "request", **values)`` would, four times as fast.

    It is on the path of every deposit. ``values`` are of ALLOWED_KEYS and cannot be personal.
    """
    if level < _request_line["least"]:
        return
    event: dict[str, Any] = {
        **scope_values(),
        **values,
        "event": "request",
        "level": "error" if level >= logging.ERROR else "info",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
    }
    render = _request_line["render"] or _render_json
    _standard_error.msg(render(None, "", event))


def init_logging(config: Mapping[str, Any]) -> None:
    """Send structlog and the standard library's logging to stderr, by ``LOG_FORMAT`` and ``LOG_LEVEL``.

    May be called again; the last call holds.
    """
    level = logging.getLevelNamesMapping()[config["LOG_LEVEL"]]
    render = _render_json if config["LOG_FORMAT"] == "json" else _render_console
    structlog.configure(
        processors=[
            _add_scope,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _permit,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,
    )
    _request_line.update(render=render, least=level)
    root = logging.getLogger()
    # Others' handlers, such as a test runner's, stay.
    root.handlers[:] = [each for each in root.handlers if type(each) not in (_Library, logging.StreamHandler)]
    root.addHandler(_Library())
    root.setLevel(level)
    for name, least in _QUIETED.items():
        logging.getLogger(name).setLevel(max(least, level))
    for name in _SERVER_LOGGERS:
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    logging.captureWarnings(True)


class _StandardError:
    """Writes whole lines to what ``sys.stderr`` is at that moment."""

    def __init__(self, *_: object) -> None:
        pass

    def msg(self, line: bytes) -> None:
        stream = getattr(sys.stderr, "buffer", None)
        if stream is None:
            sys.stderr.write(line.decode())
        else:
            stream.write(line)
            stream.flush()

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


_standard_error = _StandardError()


def _add_scope(_: Any, __: str, event: EventDict) -> EventDict:
    return {**scope_values(), **event}


def _permit(_: Any, __: str, event: EventDict) -> EventDict:
    written: dict[str, Any] = {}
    for key, value in event.items():
        if key == "exc_info":
            error = _error_of(value)
            if error is not None:
                written["exception"] = describe_exception(error)
        elif key in ALLOWED_KEYS:
            written[key] = value if key in _KNOWN_GOOD or type(value) is int else _safe(value)
    name = event.get("event")
    if not (type(name) is str and _EVENT.fullmatch(name)):
        written["event"] = "event_without_a_name"
    return written


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, BaseException):
        return type_name(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [item if isinstance(item, (int, float)) else scrub(str(item)) for item in list(value)[:20]]
    if isinstance(value, (dict, bytes)):
        return f"[{type(value).__name__}]"
    return scrub(str(value))


def _error_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _render_json(_: Any, __: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_APPEND_NEWLINE)


def _render_console(logger: Any, name: str, event: EventDict) -> bytes:
    exception = event.pop("exception", None)
    lines = [_console(sys.stderr.isatty())(logger, name, event)]
    for link in exception or ():
        codes = {key: value for key, value in link.items() if key not in {"type", "frames"}}
        lines.append(f"  {link['type']} {codes or ''}".rstrip())
        lines.extend(f"    {frame}" for frame in link["frames"])
    return ("\n".join(lines) + "\n").encode()


@cache
def _console(colors: bool) -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=colors)


class _Library(logging.Handler):
    """Takes what libraries log through the same processors."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            structlog.get_logger().log(
                # structlog knows the standard levels only; libraries have others between them.
                min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL),
                "library",
                logger=record.name,
                message=_message(record),
                **({"exc_info": record.exc_info} if record.exc_info else {}),
            )
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        # The standard one prints the arguments.
        sys.stderr.write(f"a log line of {record.name} could not be written\n")


def _message(record: logging.LogRecord) -> str:
    if record.name.startswith(_TRUSTED_LOGGERS):
        return record.getMessage()
    template = str(record.msg)[: 4 * LONGEST_TEXT]
    if not record.args:
        return template
    try:
        if isinstance(record.args, Mapping):
            return template % {name: _argument(value) for name, value in record.args.items()}
        return template % tuple(_argument(value) for value in record.args)
    except (TypeError, ValueError, KeyError):
        return template


def _argument(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return f"[{type_name(value) if isinstance(value, BaseException) else type(value).__name__}]"
