from __future__ import annotations

import pyotp
from click.testing import Result
from flask import Flask

from tests import factories
from tests.factories import PASSWORD


def add(flask, email: str, role: str = "support", *more: str, given: str = f"{PASSWORD}\n{PASSWORD}\n") -> Result:
    arguments = ("staff", "add", "--email", email, "--name", "Meera Iyer", "--role", role, *more)
    result: Result = flask(*arguments, input=given)
    return result


def sign_in(app: Flask, email: str, **more: str) -> int:
    return app.test_client().post("/api/login/", json={"email": email, "password": PASSWORD, **more}).status_code


def test_a_member_of_staff_is_made_and_can_sign_in(app: Flask, flask) -> None:
    email = factories.email()
    result = add(flask, email)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, f"{email} is a member of staff now: support.")
    assert PASSWORD not in result.output
    assert sign_in(app, email) == 200


def test_the_password_may_come_from_standard_input(app: Flask, flask) -> None:
    email = factories.email()
    assert add(flask, email, "admin", "--password-stdin", given=f"{PASSWORD}\n").exit_code == 0
    assert sign_in(app, email) == 200


def test_two_passwords_that_differ_make_no_account(app: Flask, flask) -> None:
    email = factories.email()
    result = add(flask, email, given=f"{PASSWORD}\nanother drum monsoon\n")
    assert result.exit_code == 1
    assert "do not match" in result.output
    assert sign_in(app, email) == 401


def test_refusals_are_sentences(flask) -> None:
    email = factories.email()
    add(flask, email)
    again = add(flask, email)
    weak = add(flask, factories.email(), "admin", "--password-stdin", given="password\n")
    nobody = flask("staff", "suspend", "nobody@example.com")
    for result, words in (
        (again, "An account with this e-mail address exists already"),
        (weak, "password: Use 10 to 128 characters"),
        (nobody, "There is no account with the address nobody@example.com."),
    ):
        assert result.exit_code == 1
        assert words in result.stderr
        assert "Traceback" not in result.output
    assert add(flask, factories.email(), "owner").exit_code == 2


def test_a_role_counts_at_once_and_can_be_taken_away(app: Flask, flask) -> None:
    staff = factories.make_staff(app, "support")
    assert flask("staff", "set-role", staff.email, "saver").exit_code == 0
    with app.app_context():
        assert staff.principal().role == "saver"
    assert flask("staff", "set-role", staff.email, "admin").exit_code == 0
    with app.app_context():
        assert staff.principal().is_staff


def test_suspending_ends_every_sign_in_and_restoring_lets_in_again(app: Flask, flask) -> None:
    staff = factories.make_staff(app)
    assert staff.get("/api/profile/").status_code == 200
    assert flask("staff", "suspend", staff.email).exit_code == 0
    assert staff.get("/api/profile/").status_code == 401
    assert sign_in(app, staff.email) == 401
    assert flask("staff", "restore", staff.email).exit_code == 0
    assert sign_in(app, staff.email, otp=pyotp.TOTP(staff.totp).now()) == 200
    assert staff.get("/api/profile/").status_code == 401
    twice = flask("staff", "restore", staff.email)
    assert (twice.exit_code, twice.stderr) == (1, "Error: This account is not suspended.\n")
