"""Celery: the request id travels with the message, each run has a line and two figures."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Token
from time import perf_counter
from typing import Any

from celery import Celery, signals

from app.observability import metrics
from app.observability.logs import get_logger
from app.observability.scope import close_scope, current_request_id, open_scope

REQUEST_ID = "request_id"

_running: dict[str, tuple[float, Token[dict[str, str] | None]]] = {}


def init_celery(celery_app: Celery) -> None:
    """Watch every task that this process publishes or runs. May be called again without a second line for each."""
    celery_app.conf.update(worker_hijack_root_logger=False, worker_redirect_stdouts=False)
    receivers: tuple[tuple[Any, Callable[..., None]], ...] = (
        (signals.setup_logging, _keep_logging),
        (signals.before_task_publish, _publish),
        (signals.task_prerun, _begin),
        (signals.task_failure, _fail),
        (signals.task_postrun, _end),
    )
    for signal, receiver in receivers:
        signal.connect(receiver, weak=False, dispatch_uid=f"app.observability.{receiver.__name__}")


def task_headers(request_id: str | None = None) -> dict[str, str]:
    """``headers=`` for ``apply_async``: the given request id (an outbox row's), or that of the request under way."""
    carried = request_id or current_request_id()
    return {REQUEST_ID: carried} if carried else {}


def _keep_logging(**_: Any) -> None:
    """Celery configures logging only where nobody listens to this signal; init_logging() has done it."""


def _publish(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and not headers.get(REQUEST_ID):
        headers.update(task_headers())


def _begin(task_id: str, task: Any, **_: Any) -> None:
    context = task.request
    carried = getattr(context, REQUEST_ID, None) or (context.headers or {}).get(REQUEST_ID) or current_request_id()
    token = open_scope(carried)[1]
    _running[task_id] = perf_counter(), token


def _fail(sender: Any, task_id: str, exception: BaseException, **_: Any) -> None:
    get_logger().error("task_failed", task=sender.name, task_id=task_id, exc_info=exception)


def _end(task_id: str, task: Any, state: str | None = None, **_: Any) -> None:
    begun = _running.pop(task_id, None)
    if begun is None:
        return
    started, token = begun
    seconds = perf_counter() - started
    outcome = state or "UNKNOWN"
    metrics.count_task(task.name, outcome, seconds)
    get_logger().info(
        "task",
        task=task.name,
        task_id=task_id,
        state=outcome,
        retries=task.request.retries,
        duration_ms=round(seconds * 1000, 2),
    )
    close_scope(token)
