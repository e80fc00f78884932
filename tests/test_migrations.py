"""Migrations: up, down and up again on an empty database, equal to the models, and privileges as granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine

from app.extensions import db
from migrations import grants
from tests.conftest import ROOT, superuser_connection

PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def configuration() -> Config:
    found = Config(str(ROOT / "migrations" / "alembic.ini"))
    found.set_main_option("script_location", str(ROOT / "migrations"))
    return found


def query(connection: Any, sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def migrated(new_app: Callable[..., Flask], stack: Any) -> Iterator[tuple[Flask, Any]]:
    """An application on a fresh migrated database, and the superuser's connection to it."""
    app = new_app()
    connection = superuser_connection(app, stack)
    yield app, connection
    connection.close()


def catalogue(connection: Any) -> dict[str, list[Any]]:
    """Everything the migrations make, as PostgreSQL lists it."""
    return {
        "columns": query(
            connection,
            "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        ),
        "constraints": query(
            connection,
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2",
        ),
        "indexes": query(connection, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"),
        "triggers": query(
            connection, "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1"
        ),
        "functions": query(
            connection, "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
        ),
        "rights": query(
            connection,
            "SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants"
            " WHERE table_schema = 'public' ORDER BY 1, 2, 3",
        ),
        "house accounts": query(connection, "SELECT id, kind FROM ledger_accounts ORDER BY 1"),
    }


def test_up_down_and_up_again_gives_the_same_database(migrated: tuple[Flask, Any]) -> None:
    app, connection = migrated
    first = catalogue(connection)
    assert len(first["house accounts"]) == 9
    with app.app_context():
        command.downgrade(configuration(), "base")
        left = query(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert left == [("alembic_version",)]
        functions = query(connection, "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        assert functions == []
        command.upgrade(configuration(), "head")
    assert catalogue(connection) == first


def test_each_step_goes_down_and_up(migrated: tuple[Flask, Any]) -> None:
    app, connection = migrated
    revisions = [script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()]
    head = catalogue(connection)
    with app.app_context():
        for _ in revisions:
            command.downgrade(configuration(), "-1")
        for _ in revisions:
            command.upgrade(configuration(), "+1")
    assert catalogue(connection) == head


def test_there_is_one_line_of_migrations() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        assert not script.is_merge_point
        assert script.doc


def test_the_tables_are_those_of_the_models(migrated: tuple[Flask, Any]) -> None:
    app, _ = migrated
    engine = create_engine(app.config["DATABASE_OWNER_URL"])
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, db.metadata) == []
    engine.dispose()


def test_every_constraint_has_a_name_of_ours(migrated: tuple[Flask, Any]) -> None:
    _, connection = migrated
    names = query(
        connection,
        "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN"
        " ('c', 'f', 'p', 'u') AND conrelid <> 'alembic_version'::regclass",
    )
    assert [name for (name,) in names if not name.startswith(("ck_", "fk_", "pk_", "uq_"))] == []


def expected_rights(table: str) -> set[str]:
    """What migrations/grants.py promises for the application's role."""
    if table in grants.READ_ONLY:
        return {"SELECT"}
    if table in grants.APPEND_ONLY or table in grants.UPDATED_COLUMNS:
        return {"SELECT", "INSERT"}
    return {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_the_applications_role_may_do_what_is_granted_and_no_more(migrated: tuple[Flask, Any]) -> None:
    app, connection = migrated
    role = grants.role(app.config["DATABASE_URL"])
    assert role != grants.role(app.config["DATABASE_OWNER_URL"])
    tables = [name for (name,) in query(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert set(db.metadata.tables) <= set(tables)
    for table in tables:
        held = {
            privilege
            for privilege in PRIVILEGES
            if query(connection, "SELECT has_table_privilege(%s, %s, %s)", role, table, privilege) == [(True,)]
        }
        assert held == expected_rights(table), table
        columns = query(
            connection,
            "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
            " AND has_column_privilege(%s, table_name::text, column_name::text, 'UPDATE')",
            table,
            role,
        )
        if "UPDATE" not in held:
            assert {name for (name,) in columns} == set(grants.UPDATED_COLUMNS.get(table, ())), table
    assert query(connection, "SELECT has_schema_privilege(%s, 'public', 'CREATE')", role) == [(False,)]
    ((super_, create_db, create_role, bypass),) = query(
        connection, "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = %s", role
    )
    assert (super_, create_db, create_role, bypass) == (False, False, False, False)
    owners = query(connection, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = %s", role)
    assert owners == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE postings",
        "ALTER TABLE postings DISABLE TRIGGER ALL",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        "ALTER TABLE ledger_accounts DROP CONSTRAINT ck_ledger_accounts_jar_not_below_zero",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "UPDATE alembic_version SET version_num = 'x'",
        "DELETE FROM audit_head",
        "SET ROLE chhota_owner",
    ],
)
def test_the_applications_role_cannot_take_the_guards_away(migrated: tuple[Flask, Any], statement: str) -> None:
    app, _ = migrated
    connection = psycopg2.connect(app.config["DATABASE_URL"].replace("+psycopg2", ""))
    try:
        with connection.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)
    finally:
        connection.close()
