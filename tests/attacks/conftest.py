from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.attacks.walking import Document, Person, make_person
from tests.conftest import applications, superuser_connection


@pytest.fixture(scope="module")
def walked(stack: Any, template: str) -> Iterator[Flask]:
    """An application on a database of its own, which nothing changes but the walk."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with applications(stack, template, iter([f"walked_{worker}"])) as make:
        yield make()


@pytest.fixture(scope="module")
def document(walked: Flask) -> Document:
    return Document(walked)


@pytest.fixture(scope="module")
def rows(walked: Flask, stack: Any) -> Iterator[Any]:
    """The database's superuser at the walk's database."""
    connection = superuser_connection(walked, stack)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def owner(walked: Flask) -> Person:
    """A saver with something of each kind, as it is asked for."""
    return make_person(walked)
