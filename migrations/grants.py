"""What the application's role may do with each table: everything by default, adding only where history is kept."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from sqlalchemy import Connection

# Rows of these are never changed or deleted, by anyone.
APPEND_ONLY = (
    "transactions",
    "postings",
    "audit_log",
    "ledger_checkpoints",
    "consents",
    "loan_decisions",
    "loan_payments",
)
# Of these only the named columns change, and no row is deleted.
UPDATED_COLUMNS = {
    "ledger_accounts": ("balance", "head_seq", "head_hash"),
    "audit_head": ("last_id", "last_hash"),
    "saver_notes": ("text",),
}
READ_ONLY = ("alembic_version",)


def role(url: str) -> str:
    """The role that ``url`` signs in as."""
    return unquote(urlsplit(url).username or "")


def grant(connection: Connection, *, application: str, owner: str) -> None:
    """Set the privileges of the application's role on every table anew. Nothing where it is the owner itself."""
    if role(application) == role(owner) or not role(application):
        return
    name = connection.dialect.identifier_preparer.quote(role(application))
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {name}")
    tables = connection.exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
    ).scalars()
    for table in tables:
        quoted = connection.dialect.identifier_preparer.quote(table)
        connection.exec_driver_sql(f"REVOKE ALL ON {quoted} FROM {name}")
        if table in READ_ONLY:
            privileges = "SELECT"
        elif table in APPEND_ONLY:
            privileges = "SELECT, INSERT"
        elif table in UPDATED_COLUMNS:
            privileges = f"SELECT, INSERT, UPDATE ({', '.join(UPDATED_COLUMNS[table])})"
        else:
            privileges = "SELECT, INSERT, UPDATE, DELETE"
        connection.exec_driver_sql(f"GRANT {privileges} ON {quoted} TO {name}")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")
