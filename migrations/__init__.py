"""Alembic migrations and the privileges that follow them."""
