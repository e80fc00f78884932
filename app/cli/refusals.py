"""How a command says no: one plain sentence on stderr and exit code 1, a traceback only for what nobody foresaw."""

from __future__ import annotations

from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup

from app.errors import DomainError
from app.services.ops import health

UNMIGRATED = "The database has no tables that this version knows: run `flask db upgrade` first."


class Commands(AppGroup):
    """A group whose commands may raise what services raise."""

    def invoke(self, ctx: click.Context) -> Any:
        """See click; a refusal of the business becomes its sentence."""
        try:
            return super().invoke(ctx)
        except DomainError as refusal:
            raise click.ClickException(sentence(refusal)) from refusal
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if _about_the_tables(error):
                raise click.ClickException(UNMIGRATED) from error
            raise


def sentence(refusal: DomainError) -> str:
    """What to tell the operator: the message, and what is wrong with each value."""
    details = [f"{field}: {text}" for field, texts in refusal.errors.items() for text in texts]
    return "\n".join([refusal.message, *(f"  - {detail}" for detail in details)])


def not_in_production(what: str) -> None:
    """Stop here in production: ``what`` is the beginning of the sentence, such as "Demo data"."""
    if current_app.config["APP_ENV"] == "production":
        raise click.ClickException(f"{what} does not belong into production (APP_ENV=production). Nothing was changed.")


def _about_the_tables(error: Exception) -> bool:
    # By the module's name: an edge does not know the database's library.
    return type(error).__module__.startswith("sqlalchemy") and health.database_answers() and not health.migrated()
