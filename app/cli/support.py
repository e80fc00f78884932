"""`flask support`: what savers ask, read and answered."""

from __future__ import annotations

import json
import sys

import click

from app import clock
from app.cli.refusals import Commands
from app.services.identity import staff
from app.services.ops import support_answers
from app.transactions import run

group = Commands("support", help="Savers' requests: list, show, answer.")


@group.command("list")
@click.option("--answered", is_flag=True, help="Those that have been answered, newest first.")
def list_requests(answered: bool) -> None:
    """Requests in the order in which answers are due."""
    today = clock.now().date()
    rows = run(lambda: support_answers.listed(answered=answered))
    for row in rows:
        late = "  LATE" if row.status == "open" and row.answer_by < today else ""
        told = "" if row.told or row.status == "answered" else "  no letter has left"
        click.echo(f"{row.reference}  by {row.answer_by}  {row.about or '-':<12}{late}{told}".rstrip())
    if not rows:
        click.echo("Nothing has been answered yet." if answered else "Nobody waits for an answer.")


@group.command("show")
@click.argument("reference")
def show(reference: str) -> None:
    """One request, with what the saver saw of what it is about. The audit log notes that it was read."""
    whole = run(lambda: support_answers.show(reference, at=clock.now()))
    asked = whole.request
    click.echo(f"{asked.reference}: {asked.subject}")
    click.echo(f"saver {whole.user_id}, asked {asked.created_at:%Y-%m-%d %H:%M} UTC, answer by {asked.answer_by}")
    if asked.about:
        click.echo(f"about: {asked.about.kind}{f' {asked.about.id}' if asked.about.id else ''}")
    if whole.first_answer:
        click.echo(f"not content with the answer to {asked.reference.removesuffix('-2')}:\n{whole.first_answer}")
    click.echo(f"\n{asked.text}\n")
    if whole.shown:
        click.echo(f"what the saver saw:\n{json.dumps(whole.shown, indent=2, ensure_ascii=False)}\n")
    if asked.answer:
        click.echo(f"answered {asked.answered_at:%Y-%m-%d %H:%M} UTC:\n{asked.answer}")


@group.command("answer")
@click.argument("reference")
@click.option("--by", "address", required=True, help="The address of the member of staff who answers.")
@click.option("--text", help="The answer; without it, it is read from standard input up to its end.")
def answer(reference: str, address: str, text: str | None) -> None:
    """Answer a request. The saver is told, and reads it on their page of requests."""
    said = sys.stdin.read() if text is None else text
    asked = run(lambda: support_answers.answer(reference, said, by=staff.member(address).id, at=clock.now()))
    click.echo(f"{asked.reference} is answered, and its saver is told.")
