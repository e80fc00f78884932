from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

Invoke = Callable[..., Result]


@pytest.fixture
def flask(app: Flask) -> Invoke:
    """Run one `flask` command on the shared database: ``flask("clock", "advance", "3d")``."""
    return command_of(app)


def command_of(app: Flask) -> Invoke:
    runner = app.test_cli_runner()

    def invoke(*arguments: str, **more: Any) -> Result:
        return runner.invoke(args=list(arguments), **more)

    return invoke


@pytest.fixture
def production(new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """The same on a fresh database, as in production."""
    application = new_app()
    monkeypatch.setitem(application.config, "APP_ENV", "production")
    return command_of(application)
