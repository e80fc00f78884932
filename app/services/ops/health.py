"""What is reachable, and whether the tables are those this program knows."""

from __future__ import annotations

from pathlib import Path

import redis
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.errors import Unavailable
from app.transactions import fetch, transaction


def database_answers() -> bool:
    """Whether PostgreSQL answers a query now."""
    try:
        with transaction():
            fetch("SELECT 1")
    except (Unavailable, SQLAlchemyError):
        return False
    return True


def redis_answers() -> bool:
    """Whether Redis answers a PING within a second; False where none is configured."""
    if not current_app.config["REDIS_URL"]:
        return False
    client = redis.from_url(current_app.config["REDIS_URL"], socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()


def storage_answers() -> bool:
    """Whether the object store answers for its bucket."""
    return bool(current_app.extensions["object_store"].reachable())


def newest_migration() -> str | None:
    """The head of the migrations that came with this program."""
    config = Config()
    config.set_main_option("script_location", str(Path(current_app.root_path).parent / "migrations"))
    head: str | None = ScriptDirectory.from_config(config).get_current_head()
    return head


def current_migration() -> str | None:
    """The migration that the database is at; None where it was never migrated or cannot be asked."""
    try:
        with transaction():
            rows = fetch("SELECT version_num FROM alembic_version")
    except (Unavailable, SQLAlchemyError):
        return None
    return str(rows[0][0]) if rows else None


def migrated() -> bool:
    """Whether the database is at this program's newest migration."""
    return current_migration() == newest_migration()
