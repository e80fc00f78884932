from __future__ import annotations

import pyotp
from cryptography.fernet import Fernet
from flask import Flask

from app.services.identity import sealing
from app.transactions import fetch, run
from tests import factories
from tests.cli.conftest import command_of
from tests.factories import PASSWORD


def sign_in(app: Flask, email: str, **more: str) -> int:
    return app.test_client().post("/api/login/", json={"email": email, "password": PASSWORD, **more}).status_code


def test_whoever_lost_phone_and_codes_gets_in_again(app: Flask, flask) -> None:
    admin = factories.make_staff(app)
    assert sign_in(app, admin.email) == 401
    assert flask("two-factor", "off", admin.email, input="n\n").exit_code == 1
    assert sign_in(app, admin.email) == 401
    done = flask("two-factor", "off", admin.email, "--yes")
    assert (done.exit_code, done.stdout) == (0, f"{admin.email} signs in with the password alone now, and was told.\n")
    assert sign_in(app, admin.email) == 200
    with app.app_context():
        actions = run(
            lambda: fetch("SELECT action, actor FROM audit_log WHERE subject_id = %s ORDER BY id", (str(admin.id),))
        )
        told = run(lambda: fetch("SELECT facts->>'what' FROM notifications WHERE user_id = %s", (admin.id,)))
    assert ("two_factor_off", "operator") in [tuple(row) for row in actions]
    assert ("two_factor_off",) in [tuple(row) for row in told]
    again = flask("two-factor", "off", admin.email, "--yes")
    assert again.exit_code == 1
    assert "Two-step sign-in is not on." in again.stderr
    assert flask("two-factor", "off", factories.email(), "--yes").exit_code == 1


def test_secrets_are_encrypted_anew_and_the_older_key_can_go(new_app) -> None:
    first, second = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    app = new_app(ENCRYPTION_KEYS=first)
    flask = command_of(app)
    staff = [factories.make_staff(app) for _ in range(3)]
    app.config["ENCRYPTION_KEYS"] = f"{second}, {first}"
    assert flask("two-factor", "reseal").stdout == "3 secrets are encrypted with the newest key.\n"
    app.config["ENCRYPTION_KEYS"] = second
    for one in staff:
        assert sign_in(app, one.email, otp=pyotp.TOTP(one.totp).now()) == 200
    with app.app_context():
        assert sealing.unseal(sealing.seal("kettle")) == "kettle"


def test_a_new_key_is_one(flask) -> None:
    key = flask("settings", "encryption-key").stdout.strip()
    assert Fernet(key).decrypt(Fernet(key).encrypt(b"kettle")) == b"kettle"
    assert key != flask("settings", "encryption-key").stdout.strip()
