from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from app import observability
from app.observability.logs import ALLOWED_KEYS
from tests.observability.conftest import CANARIES, CONFIG, JWT

Lines = Callable[[], list[dict[str, Any]]]


def _emit(template: object, *args: object) -> None:
    """To our handler alone: a test runner's own would raise on such a record."""
    (handler,) = [each for each in logging.root.handlers if type(each).__module__ == "app.observability.logs"]
    handler.handle(logging.LogRecord("some.library", logging.WARNING, "", 0, template, args, None))


def test_an_event_is_a_name_and_nothing_else(lines: Lines) -> None:
    logger = observability.get_logger()
    logger.warning("outbox_drained", count=3)
    logger.info(f"password is {CANARIES[3]}")
    first, second = lines()
    assert (first["event"], first["level"], first["count"]) == ("outbox_drained", "warning", 3)
    assert second["event"] == "event_without_a_name"
    assert CANARIES[3] not in json.dumps(second)


def test_values_are_scalars_or_short_lists(lines: Lines) -> None:
    observability.get_logger().info(
        "odd",
        reason={"password": CANARIES[3]},
        kind=b"bytes",
        code=ValueError(CANARIES[3]),
        outcome=["a", CANARIES[0], 1],
    )
    (line,) = lines()
    assert line["reason"] == "[dict]"
    assert line["kind"] == "[bytes]"
    assert line["code"] == "ValueError"
    assert line["outcome"] == ["a", "[pan]", 1]


def test_personal_keys_are_not_on_the_list() -> None:
    personal = {
        "name",
        "email",
        "phone",
        "pan",
        "aadhaar",
        "password",
        "token",
        "note",
        "amount",
        "body",
        "query",
        "path",
        "ip",
    }
    assert not personal & ALLOWED_KEYS


def test_libraries_log_through_the_same_nets(lines: Lines) -> None:
    logging.getLogger("some.library").warning(
        "sent %s to %s in %d ms (%s)", CANARIES[3], CANARIES[4], 12, ValueError(JWT)
    )
    logging.getLogger("some.library").warning("user %(name)s", {"name": CANARIES[3]})
    logging.getLogger("some.library").warning(f"token {JWT} phone +91 98765 43210")
    _emit("100%", "surplus")
    logging.getLogger("some.library").info("percent %d%%", 5)
    messages = [(line["level"], line["logger"], line["message"]) for line in lines()]
    assert messages == [
        ("warning", "some.library", "sent [str] to [str] in 12 ms ([ValueError])"),
        ("warning", "some.library", "user [str]"),
        ("warning", "some.library", "token [token] phone [phone]"),
        ("warning", "some.library", "100%"),
        ("info", "some.library", "percent 5%"),
    ]


def test_a_library_s_exception_has_no_message(lines: Lines) -> None:
    try:
        raise OSError(111, CANARIES[3])
    except OSError:
        logging.getLogger("some.library").exception("failed")
    (line,) = lines()
    assert (line["exception"][0]["type"], line["exception"][0]["errno"]) == ("ConnectionRefusedError", 111)
    assert CANARIES[3] not in json.dumps(line)


def test_the_server_s_raw_paths_are_not_written(lines: Lines) -> None:
    logging.getLogger("werkzeug").info("GET /jars/9876543210/?token=x")
    logging.getLogger("gunicorn.error").error("Error handling request %s", "/jars/9876543210/")
    assert [line["message"] for line in lines()] == ["Error handling request [str]"]


def test_levels_between_the_standard_ones_are_written(lines: Lines) -> None:
    for level in (25, 35, 60):
        logging.getLogger("some.library").log(level, "odd")
    assert [line["level"] for line in lines()] == ["info", "warning", "critical"]


def test_migrations_name_their_revisions(lines: Lines) -> None:
    logging.getLogger("alembic.runtime.migration").info("Running upgrade %s -> %s", "a1", "b2")
    assert lines()[0]["message"] == "Running upgrade a1 -> b2"


def test_the_level_is_the_setting_s(lines: Lines) -> None:
    observability.init_logging({**CONFIG, "LOG_LEVEL": "WARNING"})
    observability.get_logger().info("quiet")
    logging.getLogger("some.library").info("quiet")
    observability.get_logger().warning("loud")
    assert [line["event"] for line in lines()] == ["loud"]


def test_the_console_is_readable_and_as_careful(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    observability.init_logging({**CONFIG, "LOG_FORMAT": "console"})
    try:
        raise ValueError(CANARIES[3])
    except ValueError:
        observability.get_logger().exception("failed", jar_id="j1", phone=CANARIES[1])
    text = capsys.readouterr().err
    assert "failed" in text
    assert "jar_id=j1" in text
    assert "\n  ValueError\n" in text
    assert not any(canary in text for canary in CANARIES)


def test_a_line_that_cannot_be_written_shows_no_argument(lines: Lines, capsys: pytest.CaptureFixture[str]) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError(CANARIES[3])

    _emit(Unprintable())
    assert capsys.readouterr().err == "a log line of some.library could not be written\n"
