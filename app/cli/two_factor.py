"""`flask two-factor`: the way out for whoever lost phone and codes, and new keys for what is kept."""

from __future__ import annotations

import click

from app import clock
from app.cli.refusals import Commands
from app.services.audit import log as audit
from app.services.identity import staff, two_factor
from app.transactions import run

group = Commands("two-factor", help="Two-step sign-in: switch it off for somebody, encrypt its secrets anew.")


@group.command("off")
@click.argument("email")
@click.confirmation_option(prompt="Their password alone opens the account then. Are you sure that it is they who ask?")
def off(email: str) -> None:
    """Switch it off for an account whose owner has neither phone nor recovery codes; they are told."""
    run(lambda: two_factor.take_away(staff.by_email(email).id, at=clock.now()))
    click.echo(f"{email} signs in with the password alone now, and was told.")


@group.command("reseal")
def reseal() -> None:
    """Encrypt every secret with the first of ENCRYPTION_KEYS; afterwards the others can go."""
    click.echo(f"{run(_reseal)} secrets are encrypted with the newest key.")


def _reseal() -> int:
    count = two_factor.reseal_all()
    audit.by_operator("secrets_resealed", "two_factor", "all", at=clock.now(), count=count)
    return count
