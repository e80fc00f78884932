"""Training keeps one file for one history, promotes what is better, and changes nothing where there is too little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask

import config as settings
from app.errors import DomainError, Unavailable
from app.services.audit import log as audit
from app.services.credit import promotion, registry
from app.services.credit import training as service
from app.services.credit.training import Trained, train
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, run
from tests.conftest import ROOT, Clock, app_settings, with_database
from tests.services.credit import histories


def trained(app: Flask, clock: Clock, **more: Any) -> Trained:
    with app.app_context():
        return train(at=clock.now(), **more)


def rows(app: Flask, sql: str) -> list[Any]:
    with app.app_context():
        return run(lambda: fetch(sql))


def test_a_model_that_beats_the_rule_is_kept_promoted_and_told(
    with_history: Callable[..., Flask], on_disk: dict[str, str], folder: Path, clock: Clock
) -> None:
    app, stages = with_history(**on_disk), []
    found = trained(app, clock, actor="operator", watch=lambda *told: stages.append(told))
    assert (found.version, found.new, found.better, found.promoted, found.before) == (
        "logistic-1", True, True, True, None,
    )  # fmt: skip
    assert stages[0] == (service.READING, 90, 90)
    assert [stage for stage, done, total in stages if done == total] == [service.READING, service.TRYING]
    card = found.card
    learned, newest = (
        sum(map(len, histories.asked_about(histories.rows(90, 27), since=since).values())) for since in (0, 21)
    )
    assert (card["rows"], card["savers"], card["seed"]) == (learned, 90, 1)
    assert card["window"] == {"from": "2026-01-26", "split": "2026-06-01", "until": "2026-07-13"}
    assert set(card["metrics"]) == {"rule", "logistic"}
    assert card["metrics"]["logistic"]["log_loss"] < card["metrics"]["rule"]["log_loss"]
    assert {"code", "libraries", "calibration", "baseline", "policy_version", "features"} <= set(card)

    (kept,) = rows(app, "SELECT status, location, encode(sha256, 'hex'), size, promoted_at FROM score_models")
    digest = kept[2]
    assert kept == ("serving", f"folder:{digest}.model", digest, (folder / f"{digest}.model").stat().st_size, clock.at)
    assert folder.stat().st_mode & 0o077 == 0
    assert "| rule |" in (folder / f"{digest}.card.md").read_text()
    assert json.loads((folder / f"{digest}.card.json").read_text())["metrics"] == card["metrics"]
    plot = ElementTree.fromstring((folder / f"{digest}.calibration.svg").read_text())
    name = "{http://www.w3.org/2000/svg}"
    assert plot.find(f"{name}title").text == f"Calibration of logistic {digest[:12]}"
    assert plot.find(f"{name}desc").text.startswith(f"Of {newest} periods, predicted and actual shares on time lie ")
    assert len(plot.findall(f"{name}circle")) == len(card["calibration"])

    told = rows(app, "SELECT payload FROM outbox WHERE topic = 'credit.model_changed'")
    assert told == [({"version": "logistic-1"},)]
    assert rows(app, "SELECT actor, action, details FROM audit_log WHERE subject_type = 'score_model' ORDER BY id") == [
        ("system", "score_model_trained", {"sha256": digest}),
        ("operator", "score_model_promoted", {"before": None}),
    ]
    with app.app_context():
        assert run(lambda: list(audit.verify())) == []


def test_in_a_bucket_it_is_the_same_file(
    with_history: Callable[..., Flask], on_disk: dict[str, str], folder: Path, clock: Clock
) -> None:
    app = with_history()
    trained(app, clock)
    ((location, digest),) = rows(app, "SELECT location, encode(sha256, 'hex') FROM score_models")
    assert location == f"bucket:{digest}.model"
    bucket = app.extensions["object_store"]
    for ending in ("model", "card.json", "card.md", "calibration.svg"):
        assert bucket.get(f"models/{digest}.{ending}")
    trained(with_history(**on_disk), clock)
    assert (folder / f"{digest}.model").read_bytes() == bucket.get(f"models/{digest}.model")


ELSEWHERE = """
import sys
from datetime import datetime
import config
from app.factory import create_app
from app.services.credit.training import train
app = create_app(config.load())
with app.app_context():
    print(train(at=datetime.fromisoformat(sys.argv[1]), seed=int(sys.argv[2]), promote=False).version)
"""


def test_the_same_history_and_seed_are_the_same_file_in_any_process(
    with_history: Callable[..., Flask],
    new_app: Callable[..., Flask],
    on_disk: dict[str, str],
    folder: Path,
    clock: Clock,
    stack: Any,
    tmp_path: Path,
) -> None:
    # With enough savers for both kinds, taken in twice: with other ids, read in another order.
    lines = histories.rows(210, 16, seed=5)
    clock.set(clock.at - timedelta(7 * 11))
    apps = [new_app(**on_disk), new_app(**on_disk)]
    histories.take_in(apps[0], tmp_path, lines)
    histories.take_in(apps[1], tmp_path, sorted(lines, key=lambda line: line.split(",")[1::-1]))
    found = trained(apps[0], clock, seed=11, promote=False)
    assert set(found.card["metrics"]) == {"rule", "logistic", "boosting"}
    assert trained(apps[0], clock, seed=11, promote=False).version == found.version
    database = apps[1].config["DATABASE_URL"].rpartition("/")[2]
    values = app_settings(stack, **on_disk)
    values |= {"DATABASE_URL": with_database(values["DATABASE_URL"], database), "DATABASE_OWNER_URL": ""}
    environment = {name: value for name, value in os.environ.items() if name not in settings.NAMES}
    more = {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", ELSEWHERE, clock.at.isoformat(), "11"],
        cwd=ROOT, env={**environment, **values, **more}, check=True,
    )  # fmt: skip
    digests = [rows(app, "SELECT encode(sha256, 'hex') FROM score_models") for app in apps]
    assert digests[0] == digests[1]
    assert len(digests[0]) == len(list(folder.glob("*.model"))) == 1


def test_too_little_is_named_and_changes_nothing(
    new_app: Callable[..., Flask], on_disk: dict[str, str], folder: Path, clock: Clock, tmp_path: Path
) -> None:
    app = new_app(**on_disk)
    histories.take_in(app, tmp_path, histories.rows(12, 27))
    with pytest.raises(DomainError) as refusal:
        trained(app, clock)
    assert refusal.value.code == "too_little"
    assert refusal.value.errors == {"savers": ["12 of at least 50"], "closed periods": ["275 of at least 500"]}
    assert rows(app, "SELECT count(*) FROM score_models") == [(0,)]
    assert not folder.exists()
    with app.app_context():
        assert perform(JOBS["credit.train"]).state == "nothing"


def test_what_does_not_beat_what_serves_is_kept_and_not_promoted(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock
) -> None:
    app = with_history(**on_disk)
    first = trained(app, clock)
    # A week that nobody kept, of which the rows are too few to judge by: the other model is as good, and not better.
    clock.advance(days=7)
    second = trained(app, clock)
    assert (second.version, second.before, second.promoted) == ("logistic-2", first.version, second.better)
    assert set(second.card["metrics"]) == {"rule", "in service", "logistic"}
    if not second.better:
        assert second.card["unbeaten"] == ["in service"]
    clock.advance(days=1)
    again = trained(app, clock)
    assert (again.version, again.new, again.promoted) == (second.version, False, False)


def test_without_promotion_it_is_a_candidate_until_it_is_asked_for(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock
) -> None:
    app = with_history(**on_disk)
    found = trained(app, clock, promote=False)
    assert (found.better, found.promoted) == (True, False)
    with app.app_context():
        assert run(registry.serving) is None
        assert run(lambda: promotion.promote(found.version, at=clock.now())) is None
        assert run(registry.serving).version == found.version


def test_what_staff_took_back_does_not_come_again_by_itself(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock
) -> None:
    app = with_history(**on_disk)
    trained(app, clock)
    with app.app_context():
        run(lambda: promotion.rollback(at=clock.now()))
        assert perform(JOBS["credit.train"]).state == "nothing"
        assert run(registry.serving) is None
    assert trained(app, clock, actor="operator").promoted


def test_killed_between_the_file_and_its_row_it_ends_as_a_clean_run(
    with_history: Callable[..., Flask], on_disk: dict[str, str], folder: Path, clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    app = with_history(**on_disk)

    class Killed(BaseException):
        pass

    def die(*arguments: Any, **more: Any) -> Any:
        raise Killed

    for step in ("enter", "promote"):
        with monkeypatch.context() as patch:
            patch.setattr(promotion, step, die)
            with pytest.raises(Killed), app.app_context():
                perform(JOBS["credit.train"])
    with app.app_context():
        perform(JOBS["credit.train"])
    assert rows(app, "SELECT version, status FROM score_models") == [("logistic-1", "serving")]
    assert len(list(folder.glob("*.model"))) == 1


def test_where_nothing_can_be_kept_nothing_changes(
    with_history: Callable[..., Flask], on_disk: dict[str, str], folder: Path, clock: Clock
) -> None:
    folder.write_text("in the way")
    app = with_history(**on_disk)
    with pytest.raises(Unavailable) as refusal:
        trained(app, clock)
    assert refusal.value.code == "storage_unavailable"
    assert rows(app, "SELECT count(*) FROM score_models") == [(0,)]
