"""The whole database, before and after."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from app.extensions import db

TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:[+-]\d\d(?::?\d\d)?|Z)?")
UUIDS = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}")
# Of each movement anew, whoever sends what: places in chains, their links, hashes of passwords, references.
UNLIKE = re.compile(r"(?:^|_)(?:hash|seq|links?|digest|head|token|reference|jti|issued_at|secret|body|last_id)(?:_|$)")
SEALED = re.compile(r"[A-Za-z0-9_-]{40,}=*")
ADDRESSES = re.compile(r"saver-[0-9a-f]{12}@example\.com|\+91\d{10}")


def everything(connection: Any, naming: str | None = None) -> Counter[tuple[str, str]]:
    """Every row of every table as JSON; ``naming``: those alone that hold this text anywhere."""
    tables = sorted(table.name for table in db.metadata.sorted_tables)
    text = " UNION ALL ".join(f"SELECT '{name}', row_to_json(t)::text FROM {name} t" for name in tables)
    with connection.cursor() as cursor:
        cursor.execute(text)
        return Counter(row for row in cursor.fetchall() if naming is None or naming in row[1])


def changes(before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]) -> Counter[tuple[str, str, str]]:
    """What was added and what is gone, without what differs from one call to the next: ids, instants, hashes."""
    both = Counter({("gone", *row): count for row, count in (before - after).items()})
    both |= Counter({("new", *row): count for row, count in (after - before).items()})
    return Counter({(sign, table, _likened(row)): count for (sign, table, row), count in both.items()})


def _likened(row: str) -> str:
    values = {name: "…" if UNLIKE.search(name) else value for name, value in json.loads(row).items()}
    if isinstance(values.get("id"), int):
        values["id"] = "…"
    text = TIMES.sub("instant", UUIDS.sub("id", json.dumps(values, sort_keys=True)))
    return ADDRESSES.sub("somebody", SEALED.sub("sealed", text))
