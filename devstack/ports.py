"""Free ports on loopback, the same as last time wherever they are still free."""

from __future__ import annotations

import contextlib
import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

# Below the range from which systems take the local ports of outgoing connections (Linux: 32768 on, others: 49152 on):
# such a connection could take a port between this look and the server's bind.
FIRST, LAST = 20000, 32000


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:``port`` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that connections in TIME_WAIT do not count; a listener still does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


class Ports:
    """Names to port numbers, remembered in ``file``."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._numbers: dict[str, int] = {}
        with contextlib.suppress(OSError, ValueError, AttributeError):
            remembered = json.loads(file.read_text(encoding="utf-8"))
            self._numbers = {name: int(port) for name, port in remembered.items()}

    def __getitem__(self, name: str) -> int:
        return self._numbers[name]

    def assign(self, names: Iterable[str], *, anew: bool = False) -> None:
        """Give each name a free port: its last one if that is free and not ``anew``, otherwise a random one."""
        taken: set[int] = set()
        for name in names:
            port = self._numbers.get(name, 0)
            while anew or port in taken or not FIRST <= port <= LAST or not is_free(port):
                port = random.randint(FIRST, LAST)
                if port not in taken and is_free(port):
                    break
            taken.add(port)
            self._numbers[name] = port
        self._file.write_text(json.dumps(self._numbers), encoding="utf-8")
