"""`flask import history` and `flask demo real`: savings histories out of files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from flask import current_app
from flask.cli import with_appcontext
from tqdm import tqdm

import config as settings
from app import money
from app.cli.refusals import Commands, not_in_production
from app.services.identity import passwords
from app.services.ops.imports import known, mapping, report, run
from app.transactions import transaction

REPORTS = settings.ROOT / ".local" / "imports"
# Made for looking at imported histories on one's own machine; the real people behind them have no account here.
DEMO_PASSWORD = "many small coins make a pot"  # noqa: S105  printed by the command
SHOWN_DIFFERENCES = 10
# Options that say in one value what a mapping file says under this name.
SHORTHANDS = {
    "name": "name",
    "currency": "currency",
    "delimiter": "file.delimiter",
    "encoding": "file.encoding",
    "account": "columns.account",
    "time": "columns.time",
    "amount": "columns.amount",
    "credit": "columns.credit",
    "debit": "columns.debit",
    "balance": "columns.balance",
    "date_format": "time.formats",
    "zone": "time.zone",
    "same_day": "time.same_day",
    "plan": "jar.plan",
    "target": "jar.target",
    "installment": "jar.installment",
}

group = Commands("import", help="Take savings histories in from files.")


@group.command("history")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--mapping", "mapping_name", help="akiba, berka, or a TOML file; docs/import.md says what stands in it.")
@click.option("--name", help="Short name of the history, part of the savers' addresses [default: the file's name].")
@click.option("--account", help="Column that names the account.")
@click.option("--time", help="Column of the date or time.")
@click.option("--amount", help="Column of the amount; negative ones are withdrawals.")
@click.option("--credit", help="Column of money in, where there is none for both.")
@click.option("--debit", help="Column of money out.")
@click.option("--balance", help="Column of the balance after the movement, for comparing.")
@click.option("--date-format", multiple=True, help='Such as "%d/%m/%Y %H:%M", or iso; several are tried in turn.')
@click.option("--zone", help="IANA time zone of the times [default: DEFAULT_TIME_ZONE].")
@click.option("--same-day", type=click.Choice(["as_filed", "credits_first"]), help="Order within a day.")
@click.option("--currency", help="Currency of the figures [default: CURRENCY].")
@click.option("--plan", type=click.Choice(["daily", "weekly", "monthly", "flexible"]), help="Plan of the jars.")
@click.option("--target", help="Goal of each jar [default: a round sum above its largest balance].")
@click.option("--installment", help="What a period asks for [default: anything].")
@click.option("--delimiter", help='One character between fields; "tab" for a tabulator [default: a comma].')
@click.option("--encoding", help="Such as latin-1 [default: utf-8].")
@click.option("--password", help="A password for all its savers, never in production: for demonstrations.")
@click.option("--report", "report_path", type=click.Path(path_type=Path), help="Where to write the refused rows.")
def history(
    files: tuple[Path, ...], mapping_name: str | None, password: str | None, report_path: Path | None, **options: Any
) -> None:
    """Take in FILE (CSV, also gzip), or several as one: each account becomes a saver with a jar.

    A run that was interrupted goes on from where it was when the same command is given again. Rows that cannot be
    booked are reported with their line and the reason.
    """
    if password is not None:
        not_in_production("A password shared by many savers")
    values = mapping.read_toml(mapping_name) if mapping_name else {}
    _merge(values, options)
    values.setdefault("name", name_of(files[0]))
    take_in(files, values, password, report_path)


@click.command("real")
@click.option("--from", "folder", required=True, type=click.Path(path_type=Path), help="Folder with the data set.")
@click.option("--password", default=DEMO_PASSWORD, show_default=True, help="For all its savers to sign in with.")
@with_appcontext
def demo_real(folder: Path, password: str) -> None:
    """Take in the real savings histories that a folder holds (Akiba, Berka), and say how to sign in."""
    not_in_production("Demo data")
    for found in known.find(folder):
        click.echo(f"{found.data_set.title}: {', '.join(str(path) for path in found.files)}")
        run_id, _ = take_in(found.files, mapping.read_toml(found.data_set.mapping), password)
        with transaction():
            savers = report.savers_to_show(run_id)
        if savers and passwords.verify(savers[0][2], password):
            click.echo(f"Sign in at {current_app.config['PUBLIC_URL']} with the password: {password}")
        else:
            click.echo("These savers were imported with another password, or none:")
        for email, name, _ in savers:
            click.echo(f"  {email}  ({name})")


def take_in(
    files: Sequence[Path], values: dict[str, Any], password: str | None = None, report_path: Path | None = None
) -> tuple[UUID, mapping.ColumnMapping]:
    """Import ``files`` as one history, tell how it went, and give the run's id and the mapping as it was read."""
    own = current_app.config["CURRENCY"]
    values.setdefault("currency", own)
    values.setdefault("time", {}).setdefault("zone", current_app.config["DEFAULT_TIME_ZONE"])
    checked = mapping.make_mapping(values, currency=own)
    size = sum(path.stat().st_size for path in files if path.is_file())
    # tqdm stays silent where there is no terminal to draw on.
    with tqdm(total=size, unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def progress(now: run.Progress) -> None:
            bar.update(now.bytes - bar.n)
            bar.set_postfix(rows=now.rows, refused=now.refused)

        outcome = run.import_history(files, checked, password=password, progress=progress)
    if outcome.already_done:
        click.echo("This history was imported before; nothing was changed.")
    elif outcome.resumed_after:
        click.echo(f"Went on after {outcome.resumed_after:,} rows that an interrupted run had done.")
    path = report_path or REPORTS / f"{checked.name}-refused.csv"
    with transaction():
        figures = report.report(outcome.run_id)
        report.write_refused(outcome.run_id, path, files)
    _tell(figures, checked, own)
    click.echo(f"Refused rows: {path}")
    if figures.compared:
        differing = path.with_name(f"{checked.name}-balances.csv")
        report.write_differences(figures.differences, differing)
        click.echo(f"Balances that differ: {differing}")
    return outcome.run_id, checked


def _tell(figures: report.Report, checked: mapping.ColumnMapping, own: str) -> None:
    click.echo(
        f"{figures.rows:,} rows: {figures.booked:,} booked, {figures.refused:,} refused."
        f" {figures.accounts:,} accounts are savers with a jar now."
    )
    for kind, count, minor in figures.by_type:
        click.echo(f"  {kind:<20} {count:>10,}  {money.format_rupees(minor, currency=own):>18}")
    if figures.by_code:
        click.echo("Refused:")
    for code, count in figures.by_code:
        click.echo(f"  {code:<20} {count:>10,}")
    if checked.currency != own:
        click.echo(f"Amounts in {checked.currency} were booked in {own} figure for figure: nothing is converted.")
    if figures.compared:
        apart = figures.differences
        within = sum(abs(each.in_file - each.booked) <= 100 for each in apart)
        click.echo(
            f"Of {figures.compared:,} accounts with a last balance in the file, {figures.compared - len(apart):,} have"
            f" just that, {within:,} differ by up to 1.00, {len(apart) - within:,} by more."
        )
        for each in apart[:SHOWN_DIFFERENCES]:
            shown = money.to_decimal_string
            click.echo(f"  {each.account:<20} file {shown(each.in_file):>14}  booked {shown(each.booked):>14}")


def _merge(values: dict[str, Any], options: dict[str, Any]) -> None:
    """Put the options that were given over what the mapping file says."""
    for option, path in SHORTHANDS.items():
        value = options[option]
        if value is None or value == ():
            continue
        *parents, last = path.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else value
    file = values.get("file", {})
    if file.get("delimiter") in ("tab", "\\t"):
        file["delimiter"] = "\t"


def name_of(path: Path) -> str:
    """A name that a mapping may have, out of a file's."""
    return re.sub(r"[^a-z0-9]+", "-", path.name.split(".")[0].lower()).strip("-")[:32].strip("-") or "history"
