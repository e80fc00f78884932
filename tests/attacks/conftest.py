from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.attacks.walking import Document, Person, make_person
from tests.conftest import applications, superuser_connection

# Everything that an installation may have set up; nobody listens there, and no walk has anything sent.
WAYS_OUT = {
    "SMTP_URL": "smtp://127.0.0.1:9", "MAIL_FROM": "Chhota <hello@chhota.example>",
    "SMS_URL": "http://127.0.0.1:9/", "SMS_KEY": "key", "SMS_SENDER": "CHHOTA", "SMS_ENTITY_ID": "1101",
    "SMS_TEMPLATES": "phone_code=1107160000000012345",
}  # fmt: skip


@pytest.fixture(scope="module")
def walked(stack: Any, template: str) -> Iterator[Flask]:
    """An application on a database of its own, which nothing changes but the walk."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with applications(stack, template, iter([f"walked_{worker}"])) as make:
        yield make(**WAYS_OUT)


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
