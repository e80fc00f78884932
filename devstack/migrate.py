"""Whether the embedded database still needs `flask db upgrade`, found out without starting the product."""

from __future__ import annotations

import re
from pathlib import Path

from devstack.postgres import OWNER, Postgres

_REVISION = re.compile(r"^(down_)?revision\b[^=\n]*=\s*(.+)$", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"']+)["']""")


def heads(versions: Path) -> set[str]:
    """The Alembic revisions in the folder ``versions`` that no other one follows."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for file in versions.glob("*.py"):
        for down, value in _REVISION.findall(file.read_text(encoding="utf-8")):
            (followed if down else revisions).update(_QUOTED.findall(value))
    return revisions - followed


def is_current(database: Postgres, versions: Path) -> bool:
    """Whether the database stands at the only head; False also where that cannot be told."""
    wanted = heads(versions)
    if len(wanted) != 1:
        return False
    answer = database.psql(database.url(OWNER), "SELECT version_num FROM alembic_version;")
    return answer.returncode == 0 and set(answer.stdout.decode().split()) == wanted
