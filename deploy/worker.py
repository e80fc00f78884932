"""gunicorn's sync worker, which is the quickest here, made safe to meet without a proxy in front.

Browsers open connections ahead of need and leave them silent; a plain sync worker would wait on one, and serve nobody,
until it is killed. A silent connection is closed instead: the browser opens another when it has something to say.
"""

from __future__ import annotations

import select
import socket
from typing import Any

from gunicorn.workers.sync import SyncWorker

FIRST_BYTE_SECONDS = 0.2
# For each further part of a request; behind a proxy that buffers, none is ever missing.
NEXT_BYTE_SECONDS = 5.0


class PromptSyncWorker(SyncWorker):  # type: ignore[misc]
    """Waits a fifth of a second for a connection's first byte, and five for each part after it."""

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Serve one connection."""
        readable, _, _ = select.select([client], [], [], FIRST_BYTE_SECONDS)
        if not readable:
            client.close()
            return
        client.settimeout(NEXT_BYTE_SECONDS)
        super().handle(listener, client, addr)
