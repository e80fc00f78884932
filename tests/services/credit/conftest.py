from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Clock, app_settings, application, applications, create_database
from tests.services.credit import histories


@pytest.fixture(scope="module")
def history(stack: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with 90 savers' 27 weeks: its name. It is copied, never used itself."""
    name = f"history_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with application(app_settings(stack), name) as app:
        histories.take_in(app, tmp_path_factory.mktemp("history"), histories.rows(90, 27))
    return name


@pytest.fixture
def with_history(stack: Any, history: str, clock: Clock) -> Iterator[Callable[..., Flask]]:
    """Make applications on copies of that database, some days after its last week; keywords are settings."""
    with applications(stack, history, (f"{history}_{number}" for number in count())) as make:
        yield make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where models are kept by an application with the settings ``on_disk``."""
    return tmp_path / "models"


@pytest.fixture
def on_disk(folder: Path) -> dict[str, str]:
    """Settings without a bucket."""
    return {"S3_ENDPOINT_URL": "", "S3_ACCESS_KEY_ID": "", "S3_SECRET_ACCESS_KEY": "", "MODEL_FOLDER": str(folder)}
