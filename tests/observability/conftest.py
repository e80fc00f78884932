from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app import observability
from tests.canaries import CANARIES, JWT

__all__ = ["CANARIES", "CONFIG", "JWT"]

CONFIG = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "METRICS_TOKEN": "", "PROMETHEUS_MULTIPROC_DIR": ""}


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The lines written since the last call, parsed."""
    handlers, level = logging.root.handlers[:], logging.root.level
    observability.init_logging(CONFIG)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture
def app() -> Flask:
    app = Flask("observed")
    app.config.update(CONFIG)
    observability.init_app(app)

    @app.route("/jars/<jar_id>/", methods=["GET", "POST"])
    def jar(jar_id: str) -> str:
        observability.bind_user("user-1")
        return observability.current_request_id() or ""

    @app.post("/broken/<number>/")
    def broken(number: str) -> str:
        try:
            raise ValueError(" ".join(CANARIES))
        except ValueError as error:
            raise RuntimeError(f"cannot use {CANARIES}") from error

    @app.get("/log/")
    def log() -> str:
        observability.get_logger().info(
            "saver_seen", jar_id="jar-1", phone=CANARIES[1], note=CANARIES[3], reason=" ".join(CANARIES[:3])
        )
        return "logged"

    return app
