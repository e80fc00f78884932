"""No table is forgotten: each has a holding, each of its columns is shown or withheld with a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import Table

from app.extensions import db
from app.services.ops.privacy.export import sections
from app.services.ops.privacy.holding import Holding, Section
from app.services.ops.privacy.holdings import HOLDINGS
from tests.services.ops.privacy.rows import OWNERS

TABLES: dict[str, Table] = dict(db.metadata.tables)


def savers_own(table: Table) -> bool:
    """Whether a row is about a saver: it names one, a jar, or a movement."""
    named = {key.column.table.name for column in table.columns for key in column.foreign_keys}
    return bool({"user_id", "jar_id"} & set(table.columns.keys()) or named & {"users", "transactions"})


def test_every_table_has_a_holding_and_every_holding_a_table() -> None:
    assert set(HOLDINGS) == set(TABLES)


@pytest.mark.parametrize("name", sorted(name for name, table in TABLES.items() if savers_own(table)))
def test_what_is_about_a_saver_is_exported_or_says_why_not(name: str) -> None:
    holding = HOLDINGS[name]
    if not isinstance(holding.export, Section):
        assert holding.export, name
        return
    shown = {match for value in holding.export.values.values() for match in re.findall(r"\bt\.(\w+)", value)}
    own = {column.name for column in TABLES[name].columns} - {"user_id"}
    assert own - shown - set(holding.withheld) == set(), f"{name}: neither shown nor withheld"
    assert (shown | set(holding.withheld)) - own - {"user_id"} == set(), f"{name}: no such columns"
    assert not shown & set(holding.withheld)


def test_no_secret_is_shown() -> None:
    secrets = re.compile(r"hash|password|jti|token|key|secret|address", re.IGNORECASE)
    for name, holding in HOLDINGS.items():
        if isinstance(holding.export, Section):
            assert [value for value in holding.export.values if secrets.search(value)] == [], name


def test_sections_have_names_of_their_own() -> None:
    names = [section.name for section in sections()]
    assert len(set(names)) == len(names) >= 20
    assert not {"format", "made_at", "currency", "left_out"} & set(names)


@pytest.mark.parametrize("holding", HOLDINGS.values(), ids=list(HOLDINGS))
def test_what_an_erasure_leaves_has_its_reason_and_what_goes_its_statement(holding: Holding) -> None:
    assert holding.erased or holding.stays
    if holding.kept is not None:
        assert holding.counted
    deleted = any(statement.startswith(f"DELETE FROM {holding.table} ") for statement in holding.erased)
    if not holding.stays:
        assert deleted, "what has no reason to stay is deleted"
    for statement in holding.erased:
        assert "%(user)s" in statement


def test_a_table_that_nobody_thought_of_would_be_noticed() -> None:
    """The walk above can fail: a model's own columns are what it goes by."""
    assert any(savers_own(table) for table in TABLES.values())
    assert "user_id" in OWNERS
    users: Any = HOLDINGS["users"]
    assert "password_hash" in users.withheld
