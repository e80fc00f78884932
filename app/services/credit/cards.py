"""The card of a model: what it learned from, how good it was, and what it was made with; as data and as a page."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from app.scoring import drift
from app.scoring.metrics import calibration
from app.scoring.models import NAMES
from app.scoring.policy import Policy
from app.scoring.questions import Labelled
from app.scoring.training import Contest

#: Above the files of this program.
ROOT: Final = Path(__file__).parents[3]
LIBRARIES: Final = ("numpy", "scikit-learn", "skops")
_EPOCH: Final = date(1970, 1, 1)


def make_card(found: Contest, rows: Labelled, policy: Policy, *, seed: int, feature_set: int) -> dict[str, Any]:
    """What is kept of how a model came about. JSON can hold it.

    ``metrics`` are of each candidate fitted on what was known before ``split``, on the rows from then on; the model
    itself was then fitted on all rows.
    """
    return {
        "kind": found.model.kind,
        "seed": seed,
        "policy_version": policy.version,
        "feature_set": feature_set,
        "features": list(NAMES),
        "recalibration": {"slope": found.model.slope, "offset": found.model.offset},
        "window": {
            "from": day_of(int(rows.as_of.min())),
            "split": day_of(found.split),
            "until": day_of(int(rows.closed.max())),
        },
        "rows": found.rows,
        "savers": found.savers,
        "on_time_rate": float(rows.on_time.mean()),
        "metrics": {name: asdict(metrics) for name, metrics in found.metrics.items()},
        "unseen": {name: asdict(metrics) for name, metrics in found.unseen.items()},
        "beaten": found.beaten,
        "unbeaten": found.unbeaten,
        "calibration": [asdict(each) for each in calibration(found.outcome, found.chances)],
        "baseline": drift.baseline(rows.features, found.model.answer(rows.features.matrix(NAMES))),
        "code": code_version(),
        "libraries": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
    }


def day_of(number: int) -> str:
    """The ISO date of a day counted from 1 January 1970."""
    return (_EPOCH + timedelta(number)).isoformat()


def number_of_day(text: str) -> int:
    """The other way round."""
    return (date.fromisoformat(text) - _EPOCH).days


@cache
def code_version() -> str:
    """This program's version, and its commit where it runs out of a repository."""
    project = ROOT / "pyproject.toml"
    number = (
        tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"] if project.is_file() else "unknown"
    )
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return str(number)
    said = subprocess.run(
        [git, "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, timeout=5, check=False
    )
    return f"{number} {said.stdout.strip()}".strip()


def as_markdown(name: str, card: Mapping[str, Any]) -> str:
    """The card of the model ``name`` for a reader."""
    window = card["window"]
    lines = [
        f"# {name}",
        "",
        f"Predicts whether a saver's next period will be on time, from {len(card['features'])} features of set"
        f" {card['feature_set']} that were known on the morning it began. A {card['kind']} model, seed {card['seed']}.",
        "",
        f"It learned from {card['rows']:,} periods of {card['savers']:,} savers that began from {window['from']} on and"
        f" had closed by {window['until']}; {card['on_time_rate']:.1%} were on time.",
        "",
        f"## On the periods from {window['split']} on",
        "",
        "Each was fitted on what was known before that day. The rule is the score without any model.",
        "",
        *table(card["metrics"]),
    ]
    if card["unseen"]:
        lines += ["", "Of these, those that the model in service had not learned from:", "", *table(card["unseen"])]
    if card["unbeaten"]:
        lines += ["", f"It was not promoted: it did not beat {' and '.join(words(card['unbeaten']))}."]
    else:
        lines += ["", f"It beat {' and '.join(words(card['beaten']))} in log-loss."]
    lines += ["", "## Calibration", "", "| predicted | on time | periods |", "| --- | --- | --- |"]
    lines += [
        f"| {each['predicted']:.3f} | {each['observed']:.3f} | {each['count']:,} |" for each in card["calibration"]
    ]
    libraries = ", ".join(f"{library} {number}" for library, number in sorted(card["libraries"].items()))
    again = card["recalibration"]
    lines += [
        "",
        "## Made with",
        "",
        f"Chhota {card['code']}, policy {card['policy_version']}, {libraries}."
        + ("" if again == {"slope": 1.0, "offset": 0.0} else
           f" Its log odds are recalibrated: {again['slope']:.3f} times them, {again['offset']:+.3f}."),
        "",
        "Features, in their order: " + ", ".join(card["features"]) + ".",
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def table(metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Metrics by name as rows of a table."""
    lines = ["| | log-loss | AUC | ECE | periods | on time |", "| --- | --- | --- | --- | --- | --- |"]
    for name, each in metrics.items():
        auc = "" if each["auc"] is None else f"{each['auc']:.4f}"
        lines.append(
            f"| {name} | {each['log_loss']:.4f} | {auc} | {each['ece']:.4f} | {each['rows']:,} | {each['rate']:.1%} |"
        )
    return lines


def words(names: list[str]) -> list[str]:
    """What candidates had to beat, as a sentence calls it."""
    return ["the rule" if name == "rule" else "the model in service" for name in names]


def without_baseline(card: Mapping[str, Any]) -> dict[str, Any]:
    """The card without the part that is only for comparing with."""
    return {name: value for name, value in card.items() if name != "baseline"}


def learned_until(card: Mapping[str, Any]) -> int:
    """The last day that the model of this card knows the outcome of."""
    return number_of_day(card["window"]["until"])
