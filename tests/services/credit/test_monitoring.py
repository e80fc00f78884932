"""What is measured each week is kept, on periods that the model in service has not learned from."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from app.services.credit import monitoring, promotion
from app.services.credit.monitoring import check_health
from app.services.credit.training import train
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.transactions import fetch, run
from tests.conftest import Clock
from tests.services.credit import histories


def test_without_a_model_the_last_eight_weeks_of_the_rule(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock
) -> None:
    with with_history(**on_disk).app_context():
        measured = check_health(at=clock.now())
        assert (measured.model_version, measured.verdict) == (None, "ok")
        # Weeks that began since 20 May and are over, of savers who were not gone.
        asked = histories.asked_about(histories.rows(90, 27), since=20)
        assert measured.report["rows"] == sum(map(len, asked.values()))
        assert list(measured.report["metrics"]) == ["rule"]
        assert run(monitoring.newest).report == measured.report


def test_of_a_model_only_what_it_has_not_learned_from(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock, tmp_path: Path, capfd: Any
) -> None:
    app = with_history(**on_disk)
    # Sixty more who began fifteen weeks later: of the same age now as the others were then.
    younger = histories.rows(60, 12, seed=9, first=15)
    histories.take_in(app, tmp_path, younger)
    with app.app_context():
        then = clock.now()
        clock.set(then - timedelta(7 * 6))
        train(at=clock.now(), promote=False)
        run(lambda: promotion.promote("logistic-1", at=clock.now()))
        clock.set(then)
        measured = check_health(at=clock.now())
        assert measured.model_version == "logistic-1"
        assert measured.report["since"] == "2026-06-02"
        asked = histories.asked_about(histories.rows(90, 27) + younger, since=22)
        assert measured.report["rows"] == sum(map(len, asked.values()))
        assert set(measured.report["metrics"]) == {"rule", "logistic-1"}
        assert measured.report["compared"] == 60 * 5
        assert measured.verdict == "ok"
        clock.advance(days=7 * 4)
        capfd.readouterr()
        assert perform(JOBS["credit.health"]).state == "done"
        (line,) = [
            line for line in map(json.loads, capfd.readouterr().err.splitlines()) if line["event"] == "score_health"
        ]
        assert (line["level"], line["outcome"]) == ("warning", "drifting")
        assert "worse_than_trained" in line["reason"]
        assert run(lambda: fetch("SELECT verdict FROM score_health ORDER BY measured_at")) == [
            (measured.verdict,), ("drifting",),
        ]  # fmt: skip
        run(lambda: promotion.rollback(at=clock.now()))
        assert check_health(at=clock.now()).model_version is None
