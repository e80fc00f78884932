"""`.local/run.json`: how a second terminal, a test or a benchmark reaches what `make run` has started."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from devstack.errors import StackError
from devstack.secrets import write_private

SERVERS = {"PostgreSQL": "database_url", "Redis": "redis_url", "S3": "s3_endpoint_url", "web": "url"}
DEFAULT_PORTS = {"postgresql": 5432, "redis": 6379, "rediss": 6379, "http": 80, "https": 443}


def write(directory: Path, url: str, settings: dict[str, str], accounts: dict[str, dict[str, str]]) -> None:
    """Write the file, mode 600, atomically. It stays after the stop: ``pid`` and the ports tell whether it is true."""
    content = {
        "url": url,
        "database_url": settings.get("DATABASE_URL", ""),
        "database_owner_url": settings.get("DATABASE_OWNER_URL", ""),
        "redis_url": settings.get("REDIS_URL", ""),
        "s3_endpoint_url": settings.get("S3_ENDPOINT_URL", ""),
        **accounts,
        "pid": os.getpid(),
        "settings": settings,
    }
    write_private(directory / "run.json", json.dumps(content, indent=2) + "\n")


def read(directory: Path) -> dict[str, Any]:
    """What the last start wrote. Raises StackError where there was none."""
    try:
        content = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StackError("Nothing was started here yet: `make run` first.") from None
    except ValueError as error:
        raise StackError(f"{directory / 'run.json'} is damaged: `make run` writes it anew.") from error
    if not isinstance(content, dict):
        raise StackError(f"{directory / 'run.json'} is damaged: `make run` writes it anew.")
    return content


def code(account: dict[str, str]) -> str:
    """The six digits that an authenticator app would show for ``account`` now (they change every 30 seconds)."""
    import pyotp  # what starts without an environment has no use for it

    return pyotp.TOTP(account["totp_secret"]).now()


def listening(url: str) -> bool:
    """Whether something takes connections at the host and port of ``url``."""
    parts = urlsplit(url)
    try:
        port = parts.port or DEFAULT_PORTS.get(parts.scheme.partition("+")[0], 0)
        with socket.create_connection((parts.hostname or "127.0.0.1", port), timeout=2.0):
            return True
    except (OSError, ValueError):
        return False


def status(directory: Path) -> dict[str, bool]:
    """Server name to whether it takes connections, for those that the last start used. Raises StackError."""
    content = read(directory)
    return {name: listening(content[key]) for name, key in SERVERS.items() if content.get(key)}
