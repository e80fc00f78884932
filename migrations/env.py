"""Runs the migrations as the owner of the tables, then grants the application's role what it needs and no more."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool

from app.extensions import db
from migrations.grants import grant

config = context.config


def owner_url() -> str:
    """Where the tables' owner signs in; one role for all where an installation has only one."""
    return current_app.config["DATABASE_OWNER_URL"] or current_app.config["DATABASE_URL"]


def run_offline() -> None:
    """Write the SQL instead of running it."""
    context.configure(url=owner_url(), target_metadata=db.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Migrate in one transaction, so that a failing migration leaves nothing behind."""
    engine = create_engine(owner_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
            context.run_migrations()
            grant(connection, application=current_app.config["DATABASE_URL"], owner=owner_url())
    engine.dispose()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
