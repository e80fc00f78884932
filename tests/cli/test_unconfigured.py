"""`flask` as an operator starts it: a process of its own, with settings in its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy import create_engine

import config as settings
from app.cli.unconfigured import stand_in
from app.extensions import db
from devstack.stack import Stack
from tests.cli.conftest import command_of
from tests.conftest import ROOT, app_settings, superuser_connection, with_database

Done = subprocess.CompletedProcess[str]
COMMANDS = ("clock", "demo", "doctor", "ledger", "outbox", "settings", "staff")


def process(values: dict[str, str], *arguments: str, program: str = "flask", given: str = "") -> Done:
    inherited = {name: value for name, value in os.environ.items() if name not in settings.NAMES}
    return subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=ROOT,
        env={**inherited, "DATABASE_OWNER_URL": "", **values},
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def sound(stack: Stack, template: str) -> dict[str, str]:
    values = app_settings(stack)
    return values | {"DATABASE_URL": with_database(values["DATABASE_URL"], template)}


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (("--help",), "", COMMANDS),
        (("shell",), "print('currency', app.config['CURRENCY'])\n", ("currency INR",)),
    ],
)
def test_flask_itself_works(
    sound: dict[str, str], arguments: tuple[str, ...], given: str, words: tuple[str, ...]
) -> None:
    done = process(sound, *arguments, given=given)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert [word for word in words if word not in done.stdout] == []


WEAK = {"CURRENCY": "rupees", "MAX_JARS": "none"}
REFUSAL = [
    "Chhota does not start with these settings:",
    "  - CURRENCY is not a currency code of three capital letters ('rupees')",
    "  - MAX_JARS is not a positive whole number ('none')",
]


@pytest.mark.parametrize("arguments", [("demo", "load"), ("run",)])
def test_refused_settings_end_a_command_with_their_sentences(sound: dict[str, str], arguments: tuple[str, ...]) -> None:
    done = process(sound | WEAK, *arguments)
    assert (done.returncode, done.stderr.splitlines()) == (1, REFUSAL)


def test_a_server_does_not_start_with_refused_settings(sound: dict[str, str]) -> None:
    done = process(sound | WEAK, "-A", "wsgi:celery", "report", program="celery")
    assert done.returncode != 0
    assert REFUSAL[-1] in done.stdout + done.stderr


@pytest.fixture
def refused(sound: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`flask` with settings that are refused, in this process."""
    monkeypatch.setattr(settings, "sources", lambda: sound | WEAK)

    def application() -> Flask:
        with pytest.raises(settings.SettingsError) as error:
            settings.load()
        return stand_in(error.value) or sys.exit(str(error.value))

    group = FlaskGroup(create_app=application, load_dotenv=False)
    return lambda *arguments: CliRunner().invoke(group, list(arguments))


def test_refused_settings_leave_what_helps_to_mend_them(refused: Callable[..., Result]) -> None:
    assert refused("settings", "example").stdout == settings.example()
    assert refused("settings", "show").exit_code == 0
    listed = refused("--help").stdout
    assert "doctor" in listed
    assert "ledger" not in listed
    for command in ("routes", "nothing", "ledger"):
        result = refused(command)
        assert result.exit_code == 1
        assert REFUSAL[-1] in result.output


def test_the_doctor_looks_on_beside_refused_settings(refused: Callable[..., Result]) -> None:
    examined = refused("doctor", "--json")
    assert examined.exit_code == 1
    found = json.loads(examined.stdout)
    assert found["ok"] is False
    assert {check["says"] for check in found["checks"] if check["part"] == "settings"} == {
        line.removeprefix("  - ") for line in REFUSAL[1:]
    }
    assert {check["state"] for check in found["checks"] if check["part"] in {"migrations", "redis", "storage"}} == {
        "ok"
    }


def test_an_unmigrated_database_is_a_sentence(new_app: Callable[..., Flask], stack: Stack) -> None:
    app = new_app()
    connection = superuser_connection(app, stack)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE product_clock; DELETE FROM alembic_version")
    connection.close()
    result = command_of(app)("clock", "advance", "1h")
    assert (result.exit_code, result.stderr) == (
        1, "Error: The database has no tables that this version knows: run `flask db upgrade` first.\n",
    )  # fmt: skip


def test_a_database_that_is_away_is_a_sentence(new_app: Callable[..., Flask]) -> None:
    app = new_app()
    with app.app_context():
        db.engine.dispose()
        db.engines[None] = create_engine("postgresql+psycopg2://nobody:x@127.0.0.1:9/none")
    result = command_of(app)("staff", "restore", "a@b.in")
    assert (result.exit_code, result.stderr) == (
        1, "Error: The database cannot be reached just now. Nothing was changed; please try again.\n",
    )  # fmt: skip


def test_routes_can_be_listed(app: Flask) -> None:
    result = CliRunner().invoke(FlaskGroup(create_app=lambda: app, load_dotenv=False), ["routes"])
    assert (result.exit_code, "/api/login/" in result.stdout) == (0, True)
