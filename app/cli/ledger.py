"""`flask ledger`: recompute it, seal it, take one movement back."""

from __future__ import annotations

import time
from uuid import UUID

import click

from app import clock
from app.cli.refusals import Commands
from app.ledger.verify import Finding
from app.services.audit import log as audit
from app.services.identity import staff
from app.services.ops import checkpoints, reversals, verifying
from app.transactions import run

group = Commands("ledger", help="Recompute the ledger, seal it, take one movement back.")


@group.command("verify")
@click.option("--quiet", is_flag=True, help="Say nothing about progress.")
def verify_ledger(quiet: bool) -> None:
    """Recompute every balance, sum, chain and seal from the postings, the loan book, and the audit log's chain.

    Each finding is a line on stdout: code, row, what differs. Exit code 1 when there is one.
    """
    began = time.monotonic()

    def progress(postings: int) -> None:
        if not quiet:
            click.echo(f"  {postings} postings checked, {time.monotonic() - began:.1f} s", err=True)

    done = verifying.verify(_say, progress, at=clock.now(), actor="operator")
    seconds = time.monotonic() - began
    if not done.copies:
        click.echo("The object store is away: the checkpoints' copies in it were not compared.", err=True)
    if done.findings:
        raise click.ClickException(
            f"{done.findings} findings in {done.postings} postings ({seconds:.1f} s). Stop paying out, keep the "
            "database as it is, and compare it with the last backup and the checkpoints in the object store."
        )
    click.echo(f"The ledger holds: {done.postings} postings in chains, no finding ({seconds:.1f} s).")


def _say(finding: Finding) -> None:
    click.echo(f"{finding.code}\t{finding.subject}\t{finding.detail}")


@group.command("seal")
def seal() -> None:
    """Write a checkpoint over every chain that has moved since the last one (a job does so hourly)."""
    number = run(_sealed)
    click.echo("Nothing has moved since the last checkpoint." if number is None else f"Checkpoint {number} is written.")


def _sealed() -> int | None:
    # What is sealed is what was there before: the entry of this seal is for the next one.
    number = checkpoints.seal(at=clock.now())
    if number is not None:
        audit.by_operator("sealed", "checkpoint", number, at=clock.now())
    return number


@group.command("reverse")
@click.argument("movement", type=click.UUID)
@click.option("--reason", required=True, help="Why; it stands in the audit log, so no names and no numbers of papers.")
@click.option("--by", required=True, metavar="EMAIL", help="The member of staff who takes it back.")
@click.option("--second", metavar="EMAIL", help="Who agrees: where the jar holds less, or it is above the limit.")
@click.confirmation_option(prompt="This books a reversal that stays in the ledger for good. Go on?")
def reverse(movement: UUID, reason: str, by: str, second: str | None) -> None:
    """Take back the movement with the id MOVEMENT, once, by a new transaction that names it."""

    def work() -> reversals.Reversal:
        first_id = staff.member(by).id
        second_id = staff.member(second).id if second else None
        return reversals.reverse(movement, reason=reason, by=first_id, second=second_id, at=clock.now())

    done = run(work)
    click.echo(f"Taken back by transaction {done.transaction.id}.")
    if done.owed:
        click.echo(f"The jar held less: {done.owed} minor units are booked as owed by the saver.")
