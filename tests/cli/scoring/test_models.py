"""`flask scoring`: train, list, promote, take back, watch; each answer a sentence, each refusal exit code 1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask

from tests.cli.conftest import Invoke, command_of
from tests.conftest import Clock
from tests.services.credit import histories


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def app(new_app: Callable[..., Flask], folder: Path, clock: Clock) -> Flask:
    return new_app(S3_ENDPOINT_URL="", S3_ACCESS_KEY_ID="", S3_SECRET_ACCESS_KEY="", MODEL_FOLDER=str(folder))


@pytest.fixture
def flask(app: Flask) -> Invoke:
    return command_of(app)


def test_before_there_is_any_history_it_says_what_is_missing(flask: Invoke) -> None:
    assert flask("scoring", "models").stdout == (
        "No model was trained yet: the rule predicts. `flask scoring train` trains one.\n"
    )
    refused = flask("scoring", "train")
    assert refused.exit_code == 1
    assert "There is not enough to learn from yet. Nothing was changed." in refused.stderr
    for missing in (
        "savers: 0 of at least 50",
        "closed periods: 0 of at least 500",
        "periods missed: 0 of at least 50",
    ):
        assert missing in refused.stderr
    for arguments, sentence in (
        (("rollback",), "No model is in service: the rule predicts already."),
        (("promote", "boosting-7"), "There is no model boosting-7."),
        (("card", "boosting-7"), "There is no model boosting-7."),
    ):
        answer = flask("scoring", *arguments)
        assert (answer.exit_code, sentence in answer.stderr) == (1, True)
    health = flask("scoring", "health")
    assert (health.exit_code, health.stdout.startswith("the rule: unknown (0 periods")) == (0, True)


def test_the_life_of_a_model(app: Flask, flask: Invoke, folder: Path, clock: Clock, tmp_path: Path) -> None:
    histories.take_in(app, tmp_path, histories.rows(90, 27))
    kept = flask("scoring", "train", "--seed", "5", "--no-promote")
    assert kept.exit_code == 0
    assert "2,049 periods of 90 savers, 2026-01-26 to 2026-07-13; compared on those from 2026-06-01 on:" in kept.stdout
    assert "Kept as logistic-1.\n" in kept.stdout
    assert "Not promoted, as you asked: it would have been." in kept.stdout
    listed = flask("scoring", "models")
    assert listed.exit_code == 0
    assert "logistic-1      candidate" in listed.stdout
    assert "None is in service: the rule predicts." in listed.stdout

    again = flask("scoring", "train", "--seed", "5")
    assert "This is logistic-1 again, bit for bit.\n" in again.stdout
    assert "logistic-1 is in service; until now the rule was. Scores are being made anew.\n" in again.stdout
    assert "logistic-1 is in service already." in flask("scoring", "promote", "logistic-1").stderr
    plot = tmp_path / "plot.svg"
    card = flask("scoring", "card", "logistic-1", "--plot", str(plot))
    assert card.stdout.startswith("# logistic-1\n")
    assert "A logistic model, seed 5." in card.stdout
    assert "It beat the rule in log-loss." in card.stdout
    assert ElementTree.fromstring(plot.read_text()).tag.endswith("svg")

    assert flask("scoring", "health").stdout.startswith("logistic-1: unknown (0 periods of 0 savers")
    (file,) = folder.glob("*.model")
    file.write_bytes(file.read_bytes()[:-1])
    broken = flask("scoring", "models", color=True)
    assert broken.exit_code == 1
    assert "\x1b[31mrefused" in broken.stdout
    assert "size_differs: the file does not have the" in broken.stdout
    assert "The rule predicts instead." in broken.stdout
    refused = flask("scoring", "rollback")
    assert refused.stdout == "logistic-1 was taken back; the rule is in service. Scores are being made anew.\n"
    assert "cannot be used (size_differs)" in flask("scoring", "promote", "logistic-1").stderr
    mended = flask("scoring", "train", "--seed", "5")
    assert "logistic-1 is in service; until now the rule was." in mended.stdout  # its file was written anew
    assert flask("scoring", "models").exit_code == 0


def test_health_tells_of_drift_and_of_a_file_that_cannot_be_used(
    app: Flask, flask: Invoke, folder: Path, clock: Clock, tmp_path: Path
) -> None:
    histories.take_in(app, tmp_path, histories.rows(90, 27))
    flask("scoring", "train")
    # From then on nobody comes any more.
    clock.advance(days=7 * 4)
    drifting = flask("scoring", "health")
    assert drifting.exit_code == 1
    assert drifting.stdout.startswith("logistic-1: drifting (246 periods of 82 savers that began from 2026-07-14 on)")
    assert "above what it was when it was trained" in drifting.stdout
    assert "predicted and actual shares lie" in drifting.stdout
    assert "Health on 2026-08-12: drifting" in flask("scoring", "models").stdout
    (file,) = folder.glob("*.model")
    file.unlink()
    clock.advance(hours=1)
    # This process has the model in memory: another one would not.
    app.extensions.pop("score_model")
    refused = flask("scoring", "health")
    assert refused.exit_code == 1
    assert refused.stdout.startswith("the rule: refused (")
    assert "the model's file cannot be used (file_missing)" in refused.stdout
