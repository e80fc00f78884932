"""`flask settings`: what can be set, and what is."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import click
from cryptography.fernet import Fernet

import config as settings
from app.cli.refusals import Commands

group = Commands("settings", help="What can be set, and what is.")


@group.command("example", with_appcontext=False)
def example() -> None:
    """Print .env.example: every setting with its default and its meaning."""
    click.echo(settings.example(), nl=False)


@group.command("encryption-key", with_appcontext=False)
def encryption_key() -> None:
    """Print a new key for ENCRYPTION_KEYS: put it in front of those that are there."""
    click.echo(Fernet.generate_key().decode())


@group.command("show", with_appcontext=False)
def show() -> None:
    """Print every setting in force and where it comes from; secrets are masked."""
    try:
        given = settings.origins()
    except settings.SettingsError as error:
        raise click.ClickException(str(error)) from error
    width = max(len(setting.name) for setting in settings.SETTINGS)
    for setting in settings.SETTINGS:
        text, origin = given.get(setting.name, (setting.default, "default"))
        click.echo(f"{setting.name:{width}}  {masked(text) if setting.secret else text or '(empty)'}  [{origin}]")


def masked(secret: str) -> str:
    """What may be shown of a secret: whether there is one, and where a URL points without its password."""
    if not secret:
        return "(empty)"
    try:
        parts = urlsplit(secret)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return "***"
    if parts.scheme and host:
        return urlunsplit((parts.scheme, f"***@{host}" if "@" in parts.netloc else host, parts.path, "", ""))
    return "***"
