from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask import Flask

from devstack.stack import Stack
from tests.conftest import app_settings, application, create_database


@pytest.fixture(scope="module")
def app(stack: Stack, template: str) -> Iterator[Flask]:
    """A database of this module's own, whose histories are all of it."""
    name = f"evaluation_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    create_database(stack, name, template)
    with application(app_settings(stack), name) as own:
        yield own
