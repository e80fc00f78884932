"""Prometheus: what is counted, and the page that a scraper reads. No label ever holds an id or a raw path.

Other modules add gauges of their own with ``prometheus_client.Gauge(..., multiprocess_mode="mostrecent")``.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final

import prometheus_client
from flask import Flask, Response, abort, current_app, request
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

#: Upper bounds in seconds, around a deposit's few milliseconds and a statement's second.
BUCKETS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
TASK_BUCKETS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

http_requests = Counter("http_requests_total", "Requests answered", ["method", "route", "status"])
http_duration = Histogram(
    "http_request_duration_seconds", "Time until an answer was ready", ["method", "route"], buckets=BUCKETS
)
celery_tasks = Counter("celery_tasks_total", "Runs of tasks", ["task", "state"])
celery_duration = Histogram(
    "celery_task_duration_seconds", "Time that a run of a task took", ["task"], buckets=TASK_BUCKETS
)


# labels() takes a lock and makes a tuple of strings each time; a child stays the same object.
@lru_cache(maxsize=4096)
def _request_children(method: str, route: str, status: str) -> tuple[Counter, Histogram]:
    return http_requests.labels(method, route, status), http_duration.labels(method, route)


def count_request(method: str, route: str, status: str, seconds: float) -> None:
    """Count one answered request; ``route`` is its template."""
    counter, histogram = _request_children(method if method in _METHODS else "OTHER", route, status)
    counter.inc()
    histogram.observe(seconds)


def count_task(name: str, state: str, seconds: float) -> None:
    """Count one run of a task; ``state`` is Celery's word for how it ended."""
    celery_tasks.labels(name, state).inc()
    celery_duration.labels(name).observe(seconds)


def init_metrics(config: Mapping[str, Any]) -> None:
    """Share the figures among processes where ``PROMETHEUS_MULTIPROC_DIR`` is set, in the settings or around us.

    To be called before anything is counted.
    """
    folder = config.get("PROMETHEUS_MULTIPROC_DIR") or os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        if os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None) is not None:
            # Set, but empty: prometheus_client would take that for the folder it is started in.
            values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR") != folder:
        # prometheus_client looks at the environment once, on import; a folder from .env comes after that.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]


def init_app(app: Flask) -> None:
    """Serve ``/metrics``."""
    init_metrics(app.config)
    app.add_url_rule("/metrics", "metrics", metrics_page, methods=["GET"])


def metrics_page() -> Response:
    """The figures, for a peer on this machine or with ``METRICS_TOKEN``; to anybody else there is nothing here."""
    if not _may_read(request.environ, current_app.config.get("METRICS_TOKEN") or ""):
        abort(404)
    registry: CollectorRegistry = prometheus_client.REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    answer = Response(prometheus_client.generate_latest(registry), content_type=prometheus_client.CONTENT_TYPE_LATEST)
    answer.cache_control.no_store = True
    return answer


def _may_read(environ: Mapping[str, Any], token: str) -> bool:
    scheme, _, offered = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(offered.encode(), token.encode()):
        return True
    if any(header in environ for header in _FORWARDED):
        return False
    # Behind ProxyFix the connection's own peer is kept here.
    peer = environ.get("werkzeug.proxy_fix.orig", environ).get("REMOTE_ADDR", "")
    return _is_loopback(peer)


def _is_loopback(address: str) -> bool:
    try:
        peer = ip_address(address)
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return peer.is_loopback
