from __future__ import annotations

import json
from pathlib import Path

import pyotp
import pytest

import config as settings
from tests.cli.conftest import command_of

SAVER_PASSWORD, ADMIN_PASSWORD = "k7mq-v2xe-98ab-hw3c", "b4nf-82wt-xk9m-qe5r"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "RUN_FILE", tmp_path / "run.json")
    monkeypatch.setenv("DEMO_SAVER_EMAIL", "asha@example.com")
    monkeypatch.setenv("DEMO_SAVER_PASSWORD", SAVER_PASSWORD)
    monkeypatch.setenv("DEMO_ADMIN_EMAIL", "admin@example.com")
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", ADMIN_PASSWORD)
    monkeypatch.setenv("DEMO_ADMIN_TOTP_SECRET", TOTP)


def sign_in(app, email: str, password: str, **more: str) -> int:
    return app.test_client().post("/api/login/", json={"email": email, "password": password, **more}).status_code


def test_loading_twice_says_something_once(new_app) -> None:
    app = new_app()
    flask = command_of(app)
    first = flask("demo", "load")
    assert (first.exit_code, first.stdout) == (0, "The demo accounts are loaded.\n")
    again = flask("demo", "load")
    assert (again.exit_code, again.output) == (0, "")
    assert sign_in(app, "asha@example.com", SAVER_PASSWORD) == 200
    assert sign_in(app, "admin@example.com", ADMIN_PASSWORD) == 401, "staff sign in with two factors"
    assert sign_in(app, "admin@example.com", ADMIN_PASSWORD, otp=pyotp.TOTP(TOTP).now()) == 200
    assert flask("ledger", "verify").exit_code == 0


def test_a_password_that_nobody_gives_is_printed_or_taken_from_make_run(
    new_app, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = new_app()
    flask = command_of(app)
    monkeypatch.delenv("DEMO_SAVER_PASSWORD")
    printed = flask("demo", "load").stdout.split()
    password = printed[printed.index("asha@example.com") + 1]
    assert sign_in(app, "asha@example.com", password) == 200

    run = {"saver": {"email": "asha@example.com", "password": "as make run wrote it"}}
    (tmp_path / "run.json").write_text(json.dumps(run))
    assert flask("demo", "load").output == ""
    assert sign_in(app, "asha@example.com", "as make run wrote it") == 200


def test_a_reset_asks_first_and_needs_a_yes(new_app) -> None:
    flask = command_of(new_app())
    flask("demo", "load")
    assert flask("demo", "reset", input="n\n").exit_code == 1
    done = flask("demo", "reset", "--yes")
    assert (done.exit_code, done.stdout) == (0, "5 demo savers are retired, and new ones are loaded.\n")


@pytest.mark.parametrize("command", [("load",), ("reset", "--yes"), ("real", "--from", ".")])
def test_never_in_production(production, command: tuple[str, ...]) -> None:
    result = production("demo", *command)
    assert result.exit_code == 1
    assert "does not belong into production (APP_ENV=production). Nothing was changed." in result.stderr
