from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.conftest import superuser_connection
from tests.factories import Saver
from tests.services.ops.privacy.rows import fill


@dataclass
class Filled:
    """A database of its own, two savers who have a row in every table that can be about a saver, and its superuser."""

    app: Flask
    saver: Saver
    other: Saver
    cursor: Any


@pytest.fixture
def filled(new_app: Callable[..., Flask], stack: Any) -> Filled:
    app = new_app()
    cursor = superuser_connection(app, stack).cursor()
    people = []
    for _ in range(2):
        saver = factories.make_saver(app)
        jar = saver.jar(name="For my mother")
        saver.deposit(jar, "50", note="tea money")
        saver.withdraw(jar, "50")
        people.append(saver)
        fill(cursor, str(saver.id), jar)
    return Filled(app, *people, cursor)
