"""`flask demo`: accounts with a history, for looking at the product. Never in production."""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

import click

import config as settings
from app import clock
from app.cli.refusals import Commands, not_in_production
from app.services.ops import demo
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import run

group = Commands("demo", help="Accounts with a history, for looking at the product (never in production).")
SAVER_EMAIL, ADMIN_EMAIL, SUPPORT_EMAIL = "asha@example.com", "admin@example.com", "support@example.com"


@group.command("load")
def load() -> None:
    """Load the demo accounts; says nothing where they are there already.

    Addresses and passwords come from DEMO_SAVER_EMAIL, DEMO_SAVER_PASSWORD, DEMO_ADMIN_EMAIL and DEMO_ADMIN_PASSWORD,
    the key of the staff's authenticator app from DEMO_ADMIN_TOTP_SECRET, then from what `make run` has written; a
    password or key that nobody gives is made up and printed. The second member of staff (DEMO_SUPPORT_EMAIL) has the
    first one's password and key.
    """
    not_in_production("Demo data")
    accounts, made_up = _accounts()
    if run(lambda: demo.load(accounts, now=clock.now())):
        _count()
        click.echo("The demo accounts are loaded.")
    _tell(made_up)


@group.command("reset")
@click.confirmation_option(prompt="The demo savers of now are retired and new ones take their addresses. Go on?")
def reset() -> None:
    """Retire the demo savers (suspended, their history stays) and load new ones up to the present day."""
    not_in_production("Demo data")
    accounts, made_up = _accounts()
    count = run(lambda: demo.reset(accounts, now=clock.now()))
    _count()
    click.echo(f"{count} demo savers are retired, and new ones are loaded.")
    _tell(made_up)


def _count() -> None:
    """The console begins with figures that a job counts, and says where nobody has verified the ledger."""
    for name in ("console.count", "ledger.verify"):
        perform(JOBS[name])


def _accounts() -> tuple[demo.Accounts, dict[str, str]]:
    """The accounts, and the passwords and the key, by address, that had to be made up."""
    written = _written_by_make_run()
    made_up: dict[str, str] = {}
    found: dict[str, tuple[str, str]] = {}
    for role, default in (("saver", SAVER_EMAIL), ("admin", ADMIN_EMAIL)):
        known = written.get(role, {})
        email = os.environ.get(f"DEMO_{role.upper()}_EMAIL") or known.get("email") or default
        password = os.environ.get(f"DEMO_{role.upper()}_PASSWORD")
        if not password and known.get("email") == email:
            password = known.get("password")
        if not password:
            password = made_up[email] = secrets.token_urlsafe(12)
        found[role] = email, password
    email = found["admin"][0]
    totp = os.environ.get("DEMO_ADMIN_TOTP_SECRET")
    if not totp and written.get("admin", {}).get("email") == email:
        totp = written["admin"].get("totp_secret")
    if not totp:
        totp = made_up[f"{email}, key of the authenticator app"] = demo.new_key()
    second = os.environ.get("DEMO_SUPPORT_EMAIL") or written.get("support", {}).get("email") or SUPPORT_EMAIL
    return demo.Accounts(*found["saver"], *found["admin"], totp, second), made_up


def _written_by_make_run() -> dict[str, Any]:
    try:
        content = json.loads(settings.RUN_FILE.read_text(encoding="utf-8"))
        return {role: dict(content[role]) for role in ("saver", "admin", "support") if role in content}
    except (OSError, ValueError, TypeError):
        return {}


def _tell(made_up: dict[str, str]) -> None:
    for email, password in made_up.items():
        click.echo(f"  {email}  {password}")
