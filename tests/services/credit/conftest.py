from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Clock, app_settings, application, connect, create_database, with_database
from tests.services.credit import histories


@pytest.fixture(scope="module")
def trained_on(stack: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with 90 savers' 26 weeks: its name. To be copied, never used."""
    name = f"learned_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with application(app_settings(stack), name) as app:
        histories.take_in(app, tmp_path_factory.mktemp("history"), histories.rows(90, 26))
    return name


@pytest.fixture
def learned(
    stack: Any, trained_on: str, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Flask]]:
    """Make an application on a copy of that database; keywords are settings."""
    open_now: list[Any] = []

    def make(**more: str) -> Flask:
        name = f"{trained_on}_{len(open_now)}"
        create_database(stack, name, trained_on)
        context = application(app_settings(stack, **more), name)
        open_now.append(context)
        return context.__enter__()

    yield make
    for context in reversed(open_now):
        context.__exit__(None, None, None)


@pytest.fixture
def on_disk(tmp_path: Path) -> dict[str, str]:
    """Settings without a bucket: models are kept in a folder."""
    return {
        "S3_ENDPOINT_URL": "", "S3_ACCESS_KEY_ID": "", "S3_SECRET_ACCESS_KEY": "", "MODEL_FOLDER": str(tmp_path / "models")
    }  # fmt: skip


__all__ = ["connect", "with_database"]
