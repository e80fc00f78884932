"""`flask scoring evaluate`: how rule and model do on real histories."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from tqdm import tqdm

import config as settings
from app import clock
from app.cli import imports
from app.cli.refusals import not_in_production
from app.scoring.policy import policy
from app.services.ops.evaluation import document
from app.services.ops.evaluation.evaluating import Order, evaluate
from app.services.ops.evaluation.groups import groups_of
from app.services.ops.evaluation.settings import PLANS, settings_of
from app.services.ops.evaluation.tables import tables
from app.services.ops.imports import known, mapping

DOCUMENT = settings.ROOT / "docs" / "scoring.md"
REPORTS = settings.ROOT / ".local" / "scoring"


class Day(click.ParamType):
    """A day as 2014-07-18."""

    name = "day"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2014-07-18", param, ctx)


@click.command("evaluate")
@click.argument("histories", nargs=-1, metavar="[FILE|NAME]...")
@click.option("--from", "folder", type=click.Path(path_type=Path), help="A folder with data sets that Chhota knows.")
@click.option(
    "--mapping", "mapping_name", help="What the columns of FILE mean; may say what is asked (docs/scoring.md)."
)
@click.option("--plan", type=click.Choice(PLANS), help="Periods to ask about [default: those of the jars].")
@click.option("--commitment", type=click.Choice(["own", "any", "usual"]), help="What a period asks for.")
@click.option("--grace", type=click.IntRange(0, 27), help="Days after a period's end [default: as the product has it].")
@click.option("--days", type=click.IntRange(1), help="Follow each jar for so many days only.")
@click.option("--at-least", type=click.IntRange(0), help="Closed periods before a row counts [default: 2].")
@click.option("--split", type=Day(), help="Learn from before this day, try from it on [default: the newest fifth].")
@click.option("--folds", type=click.IntRange(2, 20), help="Instead: try each part of the savers on the others.")
@click.option("--since", type=Day(), help="Leave out rows before this day.")
@click.option("--until", type=Day(), help="Look at nothing from this day on [default: the history's last].")
@click.option("--by", type=click.Choice(["saver", "jar"]), help="One sequence for each [default: saver].")
@click.option("--quick", is_flag=True, help="Without few savers, other splits and other seeds.")
@click.option("--write", "path", type=click.Path(path_type=Path), help="Write the tables into this document.")
@with_appcontext
def evaluate_command(
    histories: tuple[str, ...], folder: Path | None, mapping_name: str | None, quick: bool, path: Path | None,
    **options: Any,
) -> None:  # fmt: skip
    """Try the naive rule, the rule score and models on real histories, and write the tables.

    Histories: FILEs with a --mapping (read as one), NAMEs of what `flask import history` took in, or a folder of known
    data sets. What is not imported yet is, except in production. Tables go to docs/scoring.md for --from, else to
    .local/scoring.
    """
    if not histories and folder is None:
        raise click.UsageError("Name files with a --mapping, imported histories, or a folder with --from.")
    if mapping_name is None and (found := next((each for each in histories if Path(each).is_file()), None)):
        raise click.UsageError(f"Say with --mapping what the columns of {found} mean.")
    orders = _of_folder(folder, options) if folder is not None else []
    files = [Path(each) for each in histories if mapping_name and Path(each).is_file()]
    if files:
        values = mapping.read_toml(mapping_name or "")
        values.setdefault("name", imports.name_of(files[0]))
        orders.append(_order(tuple(files), values, options))
    for name in (each for each in histories if Path(each) not in files):
        orders.append(Order(name, settings_of(_values(name, mapping_name), options)[0]))
    with tqdm(total=sum(len(order.questions) for order in orders), disable=None, leave=False) as bar:

        def progress(step: str) -> None:
            bar.set_description(step)
            bar.update(1)

        answers = list(evaluate(orders, policy(), at=clock.now(), thorough=not quick, progress=progress))
    made = tables(answers, policy())
    if path is None:
        path = DOCUMENT if folder is not None else REPORTS / f"{'-'.join(answer.name for answer in answers)[:80]}.md"
    document.write(path, _command(list(histories), folder, mapping_name, quick, options), made)
    click.echo(made.split("\n### ")[0].strip())
    click.echo(f"\nAll tables: {path}")


def _of_folder(folder: Path, options: dict[str, Any]) -> list[Order]:
    return [_order(found.files, mapping.read_toml(found.data_set.mapping), options) for found in known.find(folder)]


def _order(files: tuple[Path, ...], values: dict[str, Any], options: dict[str, Any]) -> Order:
    """Have the files imported, and ask of them what their mapping says."""
    questions, groupings = settings_of(values, options)
    if current_app.config["APP_ENV"] == "production":
        not_in_production("A history that is imported for an evaluation")
    _, checked = imports.take_in(files, values)
    groups = groups_of(groupings, files[0].parent, encoding=checked.encoding, delimiter=checked.delimiter)
    return Order(checked.name, questions, groups)


def _values(name: str, mapping_name: str | None) -> dict[str, Any]:
    """What the mapping says that is named, or that comes with Chhota under the history's own name; nothing else."""
    if mapping_name:
        return mapping.read_toml(mapping_name)
    shipped = name.isidentifier() and (mapping.SHIPPED / f"{name}.toml").is_file()
    return mapping.read_toml(name) if shipped else {}


def _command(
    histories: list[str], folder: Path | None, mapping_name: str | None, quick: bool, options: dict[str, Any]
) -> str:
    """The command line; of paths the last part alone, where files lie being of nobody's interest."""
    given = {"from": folder and "FOLDER", "mapping": mapping_name and Path(mapping_name).name} | options
    words = [Path(each).name for each in histories]
    for name, value in given.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(["flask", "scoring", "evaluate", *words, *(["--quick"] if quick else [])])
