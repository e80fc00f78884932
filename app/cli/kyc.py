"""`flask kyc`: identity papers that wait, opened and decided."""

from __future__ import annotations

from uuid import UUID

import click

from app import clock
from app.cli.refusals import Commands
from app.services.identity import staff
from app.services.identity.kyc import review
from app.services.identity.kyc.papers import look_by
from app.transactions import run

group = Commands("kyc", help="Identity papers: list, show, verify, reject, ask-again.")
by = click.option("--by", "address", required=True, help="The address of the member of staff who does this.")


@group.command("list")
def list_papers() -> None:
    """Papers that wait for a look or for a second word, the oldest first."""
    now = clock.now()
    rows = run(review.waiting)
    for row in rows:
        notes = [
            "LATE" if look_by(row.uploaded_at) < now else "",
            "number known on another account" if row.accounts_with_the_number else "",
            f"a second word is needed: {row.proposed}" if row.proposed else "",
        ]
        line = f"{row.id}  {row.uploaded_at:%Y-%m-%d %H:%M}  {row.document_type:<15}  {', '.join(filter(None, notes))}"
        click.echo(line.rstrip())
    if not rows:
        click.echo("No paper waits.")


@group.command("show")
@click.argument("document", type=click.UUID)
@by
def show(document: UUID, address: str) -> None:
    """One paper, with a link to its file for 60 seconds. The audit log notes who looked."""
    look = run(lambda: review.look(document, by=staff.member(address).id, at=clock.now()))
    paper = look.document
    click.echo(f"{paper.document_type} of {paper.name}, sent {paper.uploaded_at:%Y-%m-%d %H:%M} UTC")
    click.echo(f"saver {paper.user_id}, number {paper.number_masked or 'not given'}")
    click.echo(f"status: {paper.status}{f' ({paper.reason})' if paper.reason else ''}")
    if paper.decided_at:
        click.echo(f"decided {paper.decided_at:%Y-%m-%d %H:%M} UTC by {paper.decided_by}")
    if paper.proposed_status:
        why = f" ({paper.proposed_reason})" if paper.proposed_reason else ""
        click.echo(f"{paper.proposed_by} says {paper.proposed_status}{why}: a second member of staff has to agree")
    if paper.accounts_with_the_number:
        click.echo(
            f"NUMBER KNOWN: on papers of {paper.accounts_with_the_number} other accounts, verified on"
            f" {paper.accounts_verified_with_it}. Two of staff have to agree, and the saver is not told of it."
        )
    click.echo(f"\n{look.link or 'The file is gone.'}")
    if look.link:
        click.echo(f"(for {review.LINK_SECONDS} seconds)", err=True)


@group.command("verify")
@click.argument("document", type=click.UUID)
@by
def verify(document: UUID, address: str) -> None:
    """Accept a paper: its saver is known, and the limits of a new account end."""
    _decide(document, "verified", None, address)


@group.command("reject")
@click.argument("document", type=click.UUID)
@click.option("--reason", required=True, type=click.Choice(sorted(review.REASONS["rejected"])))
@by
def reject(document: UUID, reason: str, address: str) -> None:
    """Turn a paper down: the saver is told why, and may send another one."""
    _decide(document, "rejected", reason, address)


@group.command("ask-again")
@click.argument("document", type=click.UUID)
@click.option("--reason", required=True, type=click.Choice(sorted(review.REASONS["resubmit"])))
@by
def ask_again(document: UUID, reason: str, address: str) -> None:
    """Ask the saver for another photo of the same paper."""
    _decide(document, "resubmit", reason, address)


def _decide(document: UUID, verdict: str, reason: str | None, address: str) -> None:
    done = run(lambda: review.decide(document, verdict, reason=reason, by=staff.member(address).id, at=clock.now()))
    if done:
        click.echo(f"{document} is {verdict}, and its saver is told.")
    else:
        click.echo(f"{document}: noted as {verdict}. It takes effect once a second member of staff says the same.")
