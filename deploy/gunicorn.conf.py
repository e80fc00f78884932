"""gunicorn, for `make run` and for production: processes of one thread each.

Threads within a process lose here: each wait for the database gives the interpreter lock away and queues for it again.
"""

import gc
import os
from pathlib import Path

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY") or min(8, 2 * (os.cpu_count() or 1)))
worker_class = "deploy.worker.PromptSyncWorker"
timeout = 30  # seconds without a sign of life from a worker
graceful_timeout = 8  # seconds for requests in work; the supervisor waits for 10
# One import, then copies: quicker to start and smaller. Off where code is to be taken up anew (SIGHUP).
preload_app = os.environ.get("WEB_PRELOAD", "1") == "1"
# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
accesslog = None  # the app logs its requests, with their ids
control_socket_disable = True  # it would be made in the home folder


def child_exit(server, worker) -> None:  # type: ignore[no-untyped-def]
    """Take a dead worker's gauges out of /metrics."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def when_ready(server) -> None:  # type: ignore[no-untyped-def]
    """Have the garbage collector leave alone what is there for good: the program itself."""
    gc.collect()
    gc.freeze()


def post_fork(server, worker) -> None:  # type: ignore[no-untyped-def]
    """Look for garbage every fifty thousand objects, not every seven hundred: requests leave hardly any cycles."""
    gc.set_threshold(50_000, 20, 50)
