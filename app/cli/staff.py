"""`flask staff`: the only way to make, change and shut out members of staff."""

from __future__ import annotations

import sys

import click

from app import clock
from app.cli.refusals import Commands
from app.services.identity import staff
from app.transactions import run

ROLES = click.Choice(["support", "admin"])
group = Commands("staff", help="Members of staff: add, change role, suspend, restore.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt="Once more")
    return password


@group.command("add")
@click.option("--email", required=True, help="The address to sign in with.")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", required=True, type=ROLES, help="support looks and helps, admin may do everything.")
@click.option("--password-stdin", is_flag=True, help="Read the password from one line of standard input.")
def add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Make a staff account; asks for its password twice."""
    password = _password(password_stdin)
    user = run(lambda: staff.add(name=name, email=email, password=password, role=role, at=clock.now()))
    click.echo(f"{user.email} is a member of staff now: {role}.")


@group.command("set-role")
@click.argument("email")
@click.argument("role", type=click.Choice(["support", "admin", "saver"]))
def set_role(email: str, role: str) -> None:
    """Give an account another role; "saver" takes staff rights away. It counts from the next call on."""
    user = run(lambda: staff.set_role(email, role, at=clock.now()))
    click.echo(f"The role of {user.email} is {role} now.")


@group.command("suspend")
@click.argument("email")
def suspend(email: str) -> None:
    """Keep an account out; all its sign-ins end now."""
    user = run(lambda: staff.suspend(email, at=clock.now()))
    click.echo(f"{user.email} is suspended, and signed out everywhere.")


@group.command("restore")
@click.argument("email")
def restore(email: str) -> None:
    """Let a suspended account in again."""
    user = run(lambda: staff.restore(email, at=clock.now()))
    click.echo(f"{user.email} may sign in again.")
