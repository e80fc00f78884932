"""Whatever staff and operators change leaves an entry in the audit log: every command and every call is walked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest
from flask import Flask

from app.blueprints.api.access import declared
from app.services.audit import log as audit
from app.transactions import fetch, run
from tests import factories
from tests.cli.conftest import command_of
from tests.test_routes import WRITES, api_rules

# Commands that change something, with what makes them do so; words in braces are of the prepared database.
CHANGES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("badges", "award"): (),
    ("clock", "advance"): ("1h",),
    ("jobs", "run"): ("upkeep.purge",),
    ("ledger", "reverse"): ("{movement}", "--reason", "sent twice", "--by", "{staff}", "--yes"),
    ("ledger", "seal"): (),
    ("ledger", "verify"): ("--quiet",),
    ("outbox", "retry"): (),
    ("scoring", "recalculate"): ("--quiet",),
    ("staff", "add"): ("--email", "{new}", "--name", "New", "--role", "support", "--password-stdin"),
    ("staff", "set-role"): ("{staff}", "support"),
    ("staff", "suspend"): ("{staff}",),
    ("staff", "restore"): ("{suspended}",),
    ("two-factor", "off"): ("{staff}", "--yes"),
    ("two-factor", "reseal"): (),
    ("support", "answer"): ("{reference}", "--by", "{staff}", "--text", "We looked."),
}
# These show what is a saver's own: that they were looked at is an entry too.
LOOKS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("scoring", "show"): ("{saver}",),
    ("support", "show"): ("{reference}",),
}
# These have tests of their own that look for the entry: they need files, models, or the whole demo.
ELSEWHERE = {
    ("demo", "load"), ("demo", "reset"), ("demo", "real"), ("import", "history"), ("scoring", "train"),
    ("scoring", "promote"), ("scoring", "rollback"), ("kyc", "show"), ("kyc", "verify"), ("kyc", "reject"),
    ("kyc", "ask-again"), ("loans", "show"),
}  # fmt: skip
# These change nothing that must be answered for, and show nobody's own data.
SILENT = {
    ("badges", "draw"): "files of the program",
    ("db",): "the database's tables: Alembic's own",
    ("doctor",): "looks only",
    ("clock", "show"): "looks only",
    ("jobs", "list"): "looks only",
    ("kyc", "list"): "numbers and days alone",
    ("limiter",): "the library's own, of limits alone",
    ("loans", "list"): "numbers and sums alone",
    ("notifications", "vapid"): "prints keys",
    ("outbox",): "looks only",
    ("routes",): "looks only",
    ("run",): "the development server",
    ("scoring", "card"): "looks only",
    ("scoring", "evaluate"): "of files",
    ("scoring", "health"): "measures sums over all savers",
    ("scoring", "models"): "looks only",
    ("settings", "encryption-key"): "prints a new key",
    ("settings", "example"): "prints names",
    ("settings", "show"): "looks only",
    ("shell",): "an operator's own hands; PostgreSQL's triggers hold there too",
    ("support", "list"): "references and days alone",
    ("api-docs",): "the library's own, of the contract",
    ("openapi",): "the library's own, of the contract",
}


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group) and (*before, name) not in SILENT:
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)
        if isinstance(command, click.Group) and command.invoke_without_command and (*before, name) in SILENT:
            yield from commands(command, (*before, name))


def test_every_command_is_known(app: Flask) -> None:
    """A command that is new is put where it belongs: one that changes something is walked below."""
    known = {*CHANGES, *LOOKS, *ELSEWHERE, *SILENT}
    assert {command for command in commands(app.cli) if command not in known} == set()


@pytest.fixture
def prepared(new_app: Callable[..., Flask]) -> tuple[Flask, dict[str, str]]:
    """A database of its own with something for each command."""
    app = new_app()
    saver, staff, suspended = factories.make_saver(app), factories.make_staff(app), factories.make_staff(app)
    jar = saver.jar()
    movement = saver.deposit(jar, "50").json["transaction"]["id"]
    asked = saver.post("/api/support-requests/", {"subject": "My score", "text": "A week is missing."}).json
    command_of(app)("staff", "suspend", suspended.email)
    with app.app_context():
        run(lambda: fetch("UPDATE outbox SET dead_at = now() RETURNING id"))
    return app, {
        "movement": movement, "staff": staff.email, "suspended": suspended.email, "new": factories.email(),
        "reference": asked["reference"], "saver": saver.email, "saver_id": str(saver.id),
    }  # fmt: skip


def entries(app: Flask) -> int:
    with app.app_context():
        return int(run(lambda: fetch("SELECT count(*) FROM audit_log"))[0][0])


def test_each_command_that_changes_something_or_shows_a_savers_own_leaves_an_entry(
    prepared: tuple[Flask, dict[str, str]],
) -> None:
    app, names = prepared
    flask, silent = command_of(app), []
    order = sorted({**CHANGES, **LOOKS}.items(), key=lambda item: item[0] == ("staff", "suspend"))
    for command, arguments in order:
        before = entries(app)
        given = [argument.format(**names) for argument in arguments]
        done = flask(*command, *given, input=f"{factories.PASSWORD}\n")
        assert done.exit_code == 0, (command, done.output, done.exception)
        if entries(app) == before:
            silent.append(command)
    assert silent == []
    with app.app_context():
        assert run(lambda: list(audit.verify())) == []


def test_each_call_of_staff_that_changes_something_leaves_an_entry(prepared: tuple[Flask, dict[str, str]]) -> None:
    app, _ = prepared
    admin, silent, walked = factories.make_staff(app), [], 0
    for rule, method in api_rules(app):
        if method == "GET" or declared(app.view_functions[rule.endpoint]) not in {"support", "admin"}:
            continue
        walked += 1
        before = entries(app)
        answer = admin.call(method, rule.rule, WRITES[method, rule.rule])
        assert answer.status_code < 300 or answer.status_code == 409, (rule.rule, answer.json)
        if answer.status_code < 300 and entries(app) == before:
            silent.append(rule.rule)
    assert silent == []
    assert walked >= 2
