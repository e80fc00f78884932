from __future__ import annotations

from uuid import uuid4

from flask import Flask

from tests import factories
from tests.cli.conftest import command_of
from tests.conftest import superuser_connection


def test_a_sound_ledger_is_sealed_verified_and_noted(new_app) -> None:
    app = new_app()
    flask, saver = command_of(app), factories.make_saver(app)
    assert flask("ledger", "seal").stdout == "Nothing has moved since the last checkpoint.\n"
    saver.deposit(saver.jar())
    assert flask("ledger", "seal").stdout == "Checkpoint 1 is written.\n"
    sound = flask("ledger", "verify", "--quiet")
    assert sound.exit_code == 0
    assert sound.stdout.startswith("The ledger holds: 1 postings in chains, no finding")


def test_a_changed_posting_is_named_and_ends_with_exit_code_1(new_app, stack) -> None:
    app = new_app()
    flask, saver = command_of(app), factories.make_saver(app)
    transaction_id = saver.deposit(saver.jar()).json["transaction"]["id"]
    connection = superuser_connection(app, stack)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE postings SET amount = amount * 2 WHERE seq IS NOT NULL")
    connection.close()
    result = flask("ledger", "verify")
    assert result.exit_code == 1
    assert any(line.startswith(f"link_broken\ttransaction {transaction_id}\t") for line in result.stdout.splitlines())
    assert "findings in 1 postings" in result.stderr


def test_a_movement_is_taken_back_once_by_a_member_of_staff(app: Flask, flask) -> None:
    saver, staff = factories.make_saver(app), factories.make_staff(app)
    jar = saver.jar()
    transaction_id = saver.deposit(jar, "50").json["transaction"]["id"]
    arguments = ("ledger", "reverse", transaction_id, "--reason", "sent twice", "--by")
    by_a_saver = flask(*arguments, saver.email, "--yes")
    assert (by_a_saver.exit_code, by_a_saver.stderr) == (1, f"Error: {saver.email} is not an active member of staff.\n")
    assert flask(*arguments, staff.email, input="n\n").exit_code == 1
    assert flask(*arguments, staff.email, "--yes").exit_code == 0
    again = flask(*arguments, staff.email, "--yes")
    assert again.exit_code == 1
    assert "has been reversed already" in again.stderr
    assert saver.get(f"/api/jars/{jar}/").json["jar"]["current_amount"] in {"0.00", 0, "0"}


def test_what_the_saver_owes_needs_a_second_person(app: Flask, flask) -> None:
    saver, staff, second = factories.make_saver(app), factories.make_staff(app), factories.make_staff(app)
    jar = saver.jar()
    transaction_id = saver.deposit(jar, "50").json["transaction"]["id"]
    assert saver.withdraw(jar, "30").status_code == 201
    arguments = ("ledger", "reverse", transaction_id, "--reason", "bounced", "--yes", "--by", staff.email)
    assert "a second person must agree" in flask(*arguments).stderr
    assert "a second person must agree" in flask(*arguments, "--second", staff.email).stderr
    done = flask(*arguments, "--second", second.email)
    assert done.exit_code == 0
    assert "3000 minor units are booked as owed" in done.stdout


def test_what_is_no_movement(app: Flask, flask) -> None:
    staff = factories.make_staff(app)
    unknown = flask("ledger", "reverse", str(uuid4()), "--reason", "x", "--by", staff.email, "--yes")
    assert (unknown.exit_code, unknown.stderr) == (1, "Error: There is no such movement.\n")
    assert flask("ledger", "reverse", "42", "--reason", "x", "--by", staff.email, "--yes").exit_code == 2
