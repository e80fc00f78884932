"""Models: trained, listed, promoted, taken back, watched."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from tqdm import tqdm

from app import clock
from app.services.credit import monitoring, promotion, registry
from app.services.credit.calibration_plot import calibration_svg
from app.services.credit.cards import as_markdown, words
from app.services.credit.monitoring import Measured
from app.services.credit.training import SEED, Trained
from app.services.credit.training import train as train_model
from app.transactions import run

OPERATOR = "operator"
VERDICTS = {"ok": "green", "drifting": "red", "refused": "red", "unknown": "yellow"}
REASONS = {
    "too_few_rows": "{measured:.0f} periods have closed since, {limit:.0f} say something",
    "worse_than_rule": "its log-loss is {measured:.4f} above the rule's",
    "worse_than_trained": "its log-loss is {measured:.4f} above what it was when it was trained",
    "miscalibrated": "predicted and actual shares lie {measured:.3f} apart (limit {limit:.3f})",
    "score_moved": "predictions are spread otherwise than when it was trained (PSI {measured:.2f})",
    "inputs_moved": "savers with equally long histories look otherwise than then: {names} (PSI up to {measured:.2f})",
}


@click.command("train")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=SEED, show_default=True, help="Of what is random.")
@click.option("--no-promote", is_flag=True, help="Keep the model as a candidate, whatever comes of it.")
@with_appcontext
def train(seed: int, no_promote: bool) -> None:
    """Train on every period that has closed here; promote the best model where it beats the rule and what serves.

    Exit code 1 where there is too little to learn from: nothing is changed then.
    """
    with ExitStack() as stack:
        bars: dict[str, tqdm] = {}

        def watch(stage: str, done: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = stack.enter_context(tqdm(desc=stage, unit="", leave=False, disable=None))
            bars[stage].total = total
            bars[stage].update(done - bars[stage].n)

        trained = train_model(at=clock.now(), seed=seed, promote=not no_promote, actor=OPERATOR, watch=watch)
    _tell_trained(trained, no_promote=no_promote)


def _tell_trained(trained: Trained, *, no_promote: bool) -> None:
    card = trained.card
    click.echo(
        f"{card['rows']:,} periods of {card['savers']:,} savers, {card['window']['from']} to {card['window']['until']};"
        f" compared on those from {card['window']['split']} on:"
    )
    _table(card["metrics"])
    if card["unseen"]:
        click.echo("On those that the model in service had not learned from:")
        _table(card["unseen"])
    if not trained.new:
        click.echo(f"This is {trained.version} again, bit for bit.")
    else:
        click.echo(f"Kept as {trained.version}.")
    if trained.promoted:
        was = f"{trained.before} was" if trained.before else "the rule was"
        click.echo(f"{trained.version} is in service; until now {was}. Scores are being made anew.")
    elif trained.version == trained.before:
        click.echo(f"{trained.version} is in service already.")
    elif not trained.better:
        click.echo(f"Not promoted: it does not beat {' and '.join(words(card['unbeaten']))} in log-loss.")
    elif no_promote:
        click.echo(
            f"Not promoted, as you asked: it would have been. `flask scoring promote {trained.version}` does it."
        )


def _table(metrics: Mapping[str, Mapping[str, Any]]) -> None:
    click.echo(f"  {'':14}{'log-loss':>9}{'AUC':>8}{'ECE':>8}{'periods':>10}")
    for name, each in metrics.items():
        auc = "" if each["auc"] is None else f"{each['auc']:.4f}"
        click.echo(f"  {name:14}{each['log_loss']:9.4f}{auc:>8}{each['ece']:8.4f}{each['rows']:10,}")


@click.command("models")
@with_appcontext
def list_models() -> None:
    """Each model, the newest first: whether it serves, how good it was. The file of the one in service is checked.

    Exit code 1 where that cannot be used, and the rule serves instead.
    """
    kept, cards = run(lambda: (registry.kept_models(), registry.cards()))
    if not kept:
        click.echo("No model was trained yet: the rule predicts. `flask scoring train` trains one.")
        return
    refused = None
    click.echo(f"{'model':16}{'state':11}{'log-loss':>9}{'rule':>9}{'AUC':>8}{'ECE':>8}{'periods':>10}  trained")
    for model in kept:
        card = cards[model.version]
        own, rule = card["metrics"][model.kind], card["metrics"]["rule"]
        wrong = registry.refusal(model) if model.status == "serving" else None
        refused = wrong or refused
        state = click.style(f"{'refused' if wrong else model.status:11}", _colour(model.status, bool(wrong)))
        auc = "" if own["auc"] is None else f"{own['auc']:.4f}"
        click.echo(
            f"{model.version:16}{state}{own['log_loss']:9.4f}{rule['log_loss']:9.4f}{auc:>8}{own['ece']:8.4f}"
            f"{card['rows']:10,}  {model.created_at:%Y-%m-%d %H:%M}"
        )
        if wrong:
            click.secho(f"  {wrong.code}: {wrong}. The rule predicts instead.", fg="red")
            click.secho("  `flask scoring rollback` or `flask scoring train` puts another in its place.", fg="red")
    measured = run(monitoring.newest)
    if measured is not None:
        click.echo(
            f"Health on {measured.measured_at:%Y-%m-%d}: {click.style(measured.verdict, VERDICTS[measured.verdict])}"
        )
    if not any(model.status == "serving" for model in kept):
        click.echo("None is in service: the rule predicts.")
    if refused:
        click.get_current_context().exit(1)


def _colour(status: str, wrong: bool) -> str | None:
    return "red" if wrong else {"serving": "green", "candidate": "yellow"}.get(status)


@click.command("card")
@click.argument("version")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write the calibration there, as SVG.")
@with_appcontext
def card(version: str, plot: Path | None) -> None:
    """The card of the model VERSION: what it learned from, how good it was, what it was made with."""
    model, of = run(lambda: (registry.kept_model(version), registry.card_of(version)))
    if plot is not None:
        ece = of["metrics"][model.kind]["ece"]
        plot.write_text(calibration_svg(version, of["calibration"], ece=ece), encoding="utf-8")
        click.echo(f"Written to {plot}.", err=True)
    click.echo(as_markdown(version, of))
    click.echo(f"The file: {model.size:,} bytes, SHA-256 {model.sha256.hex()}, at {model.location}.")


@click.command("promote")
@click.argument("version")
@with_appcontext
def promote(version: str) -> None:
    """Have the model VERSION predict from now on; every score is made anew."""
    before = run(lambda: promotion.promote(version, at=clock.now(), actor=OPERATOR))
    click.echo(f"{version} is in service instead of {before or 'the rule'}. Scores are being made anew.")


@click.command("rollback")
@click.option("--to-rule", is_flag=True, help="Back to the rule, whatever served before.")
@with_appcontext
def rollback(to_rule: bool) -> None:
    """Take the model in service back: the one that served before it does again, or the rule."""
    was, now = run(lambda: promotion.rollback(at=clock.now(), to_rule=to_rule, actor=OPERATOR))
    click.echo(f"{was} was taken back; {now or 'the rule'} is in service. Scores are being made anew.")


@click.command("health")
@with_appcontext
def health() -> None:
    """Measure how predictions have held on periods that closed since the model was trained. Exit code 1 on drift."""
    with tqdm(desc="histories", unit="", leave=False, disable=None) as bar:

        def watch(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        measured = monitoring.check_health(at=clock.now(), report=watch)
    _tell_health(measured)
    if measured.verdict in ("drifting", "refused"):
        click.get_current_context().exit(1)


def _tell_health(measured: Measured) -> None:
    report = measured.report
    click.echo(
        f"{measured.model_version or 'the rule'}: {click.style(measured.verdict, VERDICTS[measured.verdict])}"
        f" ({report['rows']:,} periods of {report['savers']:,} savers that began from {report['since']} on)"
    )
    if measured.refused:
        click.secho(f"  the model's file cannot be used ({measured.refused}): see `flask scoring models`", fg="red")
    for reason in report["reasons"]:
        names = ", ".join(reason["names"])
        text = REASONS[reason["code"]].format(measured=reason["measured"], limit=reason["limit"], names=names)
        click.echo(f"  {text}")
    if "metrics" not in report:
        return
    _table(report["metrics"])
    who = measured.model_version or "rule"
    click.echo(f"  {'band':14}{'from':>6}{'periods':>10}{'on time':>9}{'predicted':>11}")
    for band in report["bands"]:
        click.echo(
            f"  {band['code']:14}{band['from']:6}{band['rows']:10,}{band['on_time']:9.1%}{band['predicted'][who]:11.1%}"
        )
    for moved in report.get("drift", [])[:3]:
        click.echo(f"  {moved['name']:22} PSI {moved['psi']:.3f} (chance alone: {moved['by_chance']:.3f})")


COMMANDS = (train, list_models, card, promote, rollback, health)
