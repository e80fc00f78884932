"""`flask doctor`: what is reachable, migrated and safe, and what to do about the rest."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click
from flask import current_app
from flask.cli import with_appcontext

import config as settings
from app import clock
from app.cli.unconfigured import PROBLEMS
from app.services.ops import doctor as service

COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
@with_appcontext
def doctor(as_json: bool) -> None:
    """Look at settings, PostgreSQL, Redis, storage, worker, outbox and ledger, line by line.

    Exit code 1 where something that is needed is missing or unsafe.
    """
    values = current_app.config
    refused: list[str] = values.get(PROBLEMS, [])
    checks = []
    for check in service.examine(
        values,
        refused=refused,
        refused_in_production=[] if refused else settings.ProductionConfig.problems(values),
        now=max(clock.now(), datetime.now(UTC)),
    ):
        checks.append(check)
        if not as_json:
            click.echo(f"{click.style(f'{check.state:8}', COLOURS[check.state])}{check.part:13} {check.says}")
            if check.remedy:
                click.echo(f"{'':21} → {check.remedy}")
    sound = all(check.state != "problem" for check in checks)
    if as_json:
        click.echo(json.dumps({"ok": sound, "checks": [asdict(check) for check in checks]}, ensure_ascii=False))
    if not sound:
        click.get_current_context().exit(1)
