"""What `flask` still does where the settings are refused: say what is wrong, and what a right setting looks like."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup, FlaskGroup

import config as settings

PROBLEMS = "SETTINGS_PROBLEMS"
USEFUL = ("doctor", "settings")


class _Refusing(AppGroup):
    """Only what is useful now; any other command of the application ends with the settings' problems."""

    def __init__(self, error: settings.SettingsError, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._error = error

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """See click."""
        return super().get_command(ctx, name) or sys.exit(str(self._error))


def stand_in(error: settings.SettingsError) -> Flask | None:
    """An application that serves nothing and has the useful commands, where `flask` looks for a command.

    None where anything else asks (gunicorn, celery, `flask run`, `flask shell`): those must not start.
    """
    context = click.get_current_context(silent=True)
    if context is None or not isinstance(context.command, FlaskGroup):
        return None
    from app.cli import register_commands

    app = Flask("app")
    app.config[PROBLEMS] = error.problems
    texts: dict[str, str] = {}
    with suppress(settings.SettingsError):
        texts = settings.sources()
    for setting in settings.SETTINGS:
        with suppress(ValueError):
            app.config[setting.name] = setting.parse(texts.get(setting.name, setting.default))
    app.cli = _Refusing(error, "app")
    register_commands(app)
    app.cli.commands = {name: app.cli.commands[name] for name in USEFUL}
    return app
