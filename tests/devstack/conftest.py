from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devstack.stack import Stack
from devstack.temporary import remove, temporary_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with temporary_stack() as running:
        yield running


@pytest.fixture
def directory() -> Iterator[Path]:
    """A folder that `nobody` can enter, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="chhota-test-"))
    yield path
    remove(path)


@pytest.fixture(scope="session")
def used() -> Iterator[Path]:
    """The folder of a stack that has run before: its next start takes a moment only."""
    path = Path(tempfile.mkdtemp(prefix="chhota-test-"))
    with Stack(path, durable=False, environ={}):
        pass
    yield path
    remove(path)


@pytest.fixture
def until() -> Callable[..., None]:
    def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)

    return wait
