"""`flask loans`: the loan book, read by staff."""

from __future__ import annotations

from uuid import UUID

import click

from app import clock, money
from app.cli.refusals import Commands
from app.services.loans.loan import LOAN_STATES
from app.services.ops import loan_book
from app.transactions import run

group = Commands("loans", help="Loans: list, show.")


@group.command("list")
@click.option("--status", type=click.Choice(LOAN_STATES), help="Only those of one status.")
@click.option("--late", is_flag=True, help="Only those with something overdue.")
def list_loans(status: str | None, late: bool) -> None:
    """The newest hundred loans and offers."""
    rows = run(lambda: loan_book.listed(status=status, late=late, at=clock.now()))
    for row in rows:
        line = (
            f"{row.id}  saver {row.user_id}  {row.status:<9}  {_rupees(row.amount)} over {row.tenure_months} months"
            f"  owed {_rupees(row.owed)}"
        )
        click.echo(line + (f"  overdue {_rupees(row.late)} since {row.oldest}" if row.oldest else ""))
    if not rows:
        click.echo("There is no such loan.")


@group.command("show")
@click.argument("loan", type=click.UUID)
def show(loan: UUID) -> None:
    """One loan: terms, schedule, payments, and the decision as it was made. The audit log notes that it was read."""
    whole = run(lambda: loan_book.show(loan, at=clock.now()))
    view, row, decision = whole.view, whole.view.loan, whole.decision
    click.echo(
        f"{row.id}: {view.status}{f' ({view.cancel_reason})' if view.cancel_reason else ''}, saver {row.user_id}"
    )
    click.echo(
        f"{_rupees(row.amount)} over {row.tenure_months} months at {view.interest_rate} % (APR {view.apr} %),"
        f" fee {_rupees(row.fee)}, instalment {_rupees(row.instalment)}, policy {row.loan_policy_version}"
    )
    click.echo(f"statement {row.statement_version}, offered {row.offered_at:%Y-%m-%d %H:%M} UTC")
    if row.accepted_at:
        click.echo(
            f"accepted {row.accepted_at:%Y-%m-%d %H:%M} UTC, owed {_rupees(view.outstanding)},"
            f" overdue {_rupees(view.overdue)} for {view.days_overdue} days"
        )
        for each in view.book:
            charge = f", late charge {_rupees(each.charge)}" if each.charge else ""
            state = f"paid {each.paid_on}" if each.paid_on else f"open {_rupees(each.open)}"
            click.echo(
                f"  {each.number:>2}  {each.due_on}  principal {_rupees(each.principal)},"
                f" interest {_rupees(each.interest)}: {state}{charge}"
            )
        for paid in whole.payments:
            click.echo(
                f"  {paid.made_at:%Y-%m-%d %H:%M} UTC  {paid.kind} {_rupees(paid.amount)}:"
                f" principal {_rupees(paid.principal)}, interest {_rupees(paid.interest)},"
                f" late charges {_rupees(paid.charges)}"
            )
    click.echo(f"decision {decision.id} of {decision.decided_at:%Y-%m-%d %H:%M} UTC, score {decision.score}")
    for reason in decision.reasons:
        click.echo(f"  {'yes' if reason['passed'] else 'NO '}  {reason['code']}: {reason['text']}")


def _rupees(minor: int) -> str:
    return money.to_decimal_string(minor)
