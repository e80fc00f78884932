from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from app.services.ops.imports.mapping import ColumnMapping, make_mapping
from devstack.stack import Stack
from tests.conftest import app_settings, application, create_database

DATA = Path(__file__).parents[3] / "data"
AKIBA = DATA / "akiba" / "ledger_report_generated.csv"
BERKA = DATA / "berka" / "trans_generated.asc"
HEADER = "account,time,amount,kind"


def values(**changes: Any) -> dict[str, Any]:
    """Values of a mapping with a name of its own; ``changes`` name parts by ``part__key`` or the top level."""
    made: dict[str, Any] = {
        "name": f"t{uuid4().hex[:12]}",
        "currency": "INR",
        "columns": {"account": "account", "time": "time", "amount": "amount"},
        "time": {"formats": ["%Y-%m-%d", "%Y-%m-%d %H:%M"], "zone": "Asia/Kolkata"},
        "jar": {"plan": "daily"},
    }
    for name, value in changes.items():
        place, _, key = name.partition("__")
        if key:
            made.setdefault(place, {})[key] = value
        else:
            made[place] = value
    return made


def mapping(**changes: Any) -> ColumnMapping:
    """A mapping, see ``values``."""
    return make_mapping(values(**changes), currency="INR")


def write_csv(path: Path, lines: list[str], header: str = HEADER) -> Path:
    """A file of these lines."""
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8", errors="surrogateescape")
    return path


@pytest.fixture(scope="module")
def app(stack: Stack, template: str) -> Iterator[Flask]:
    """A database of this module's own: its tests verify the whole ledger, and others leave broken ones behind."""
    name = f"imports_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with application(app_settings(stack), name) as own:
        yield own
