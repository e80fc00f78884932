"""The model in service is the file that was written, or it is none: the rule serves on, and it is said why."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import skops.io
from botocore.exceptions import ClientError
from flask import Flask

from app.errors import DomainError, NotFound
from app.scoring.bundles import MAGIC
from app.scoring.policy import policy
from app.services.credit import looking_back, promotion, registry
from app.services.credit.gathering import gather_next
from app.services.credit.learning import NOBODY
from app.services.credit.scoring import Scores, score
from app.services.credit.training import train
from app.services.ops import doctor
from app.services.ops.job_runs import perform
from app.services.ops.jobs import JOBS
from app.tasks.outbox import RECEIVERS
from app.transactions import fetch, queue, run
from tests.conftest import Clock


class Place:
    """Where the files of an application lie: read and written behind its back."""

    def __init__(self, app: Flask, folder: Path | None) -> None:
        self.app, self.folder = app, folder

    def read(self, digest: str) -> bytes:
        if self.folder is not None:
            return (self.folder / f"{digest}.model").read_bytes()
        found: bytes = self.app.extensions["object_store"].get(f"models/{digest}.model")
        return found

    def write(self, digest: str, body: bytes) -> None:
        if self.folder is not None:
            (self.folder / f"{digest}.model").write_bytes(body)
        else:
            self.app.extensions["object_store"].put(f"models/{digest}.model", body, "application/octet-stream")

    def remove(self, digest: str) -> None:
        if self.folder is not None:
            (self.folder / f"{digest}.model").unlink()
        else:
            store = self.app.extensions["object_store"]
            store._client.delete_object(Bucket=store.bucket, Key=f"models/{digest}.model")


class Seconds:
    """The process's own clock, in the hands of a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(registry, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    return Seconds(monkeypatch)


@pytest.fixture(params=["folder", "bucket"])
def place(
    request: pytest.FixtureRequest, with_history: Callable[..., Flask], on_disk: dict[str, str], folder: Path,
    clock: Clock, seconds: Seconds,
) -> Place:  # fmt: skip
    """An application with a model in service."""
    # The same history gives the same file: whoever tests beside this one would put a spoiled one right again.
    bucket = f"models-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    app = with_history(**(on_disk if request.param == "folder" else {"S3_BUCKET": bucket}))
    if request.param == "bucket":
        with suppress(ClientError):  # it is there already
            app.extensions["object_store"]._client.create_bucket(Bucket=bucket)
    with app.app_context():
        assert train(at=clock.now()).promoted
    return Place(app, folder if request.param == "folder" else None)


def served(app: Flask) -> str | None:
    with app.app_context():
        found = run(registry.serving)
        return None if found is None else found.version


def digest_of(app: Flask) -> str:
    with app.app_context():
        return run(lambda: fetch("SELECT encode(sha256, 'hex') FROM score_models WHERE status = 'serving'"))[0][0]


def trouble(app: Flask) -> str | None:
    with app.app_context():
        return run(lambda: fetch("SELECT trouble FROM score_models WHERE status = 'serving'"))[0][0]


def scores(app: Flask, clock: Clock) -> Scores:
    with app.app_context():
        return run(lambda: score(gather_next(NOBODY, 90, at=clock.now()), policy(), registry.serving()))


def lines(capfd: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]


def pinned(app: Flask, body: bytes) -> str:
    """Have the row say that this is the file, as who can write to the database could."""
    digest = sha256(body)
    with app.app_context():
        run(
            lambda: queue(
                "UPDATE score_models SET sha256 = %s, size = %s, location = split_part(location, ':', 1) || %s",
                (digest.digest(), len(body), f":{digest.hexdigest()}.model"),
            )
        )
    return digest.hexdigest()


def test_a_model_serves_once_it_was_promoted(place: Place, clock: Clock) -> None:
    assert served(place.app) == "logistic-1"
    made = scores(place.app, clock)
    assert made.model_version == "logistic-1"
    assert trouble(place.app) is None


def flipped(body: bytes) -> bytes:
    return body[:-20] + bytes([body[-20] ^ 1]) + body[-19:]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda place, digest: place.write(digest, flipped(place.read(digest))), "digest_differs"),
        (lambda place, digest: place.write(digest, place.read(digest)[:-1]), "size_differs"),
        (lambda place, digest: place.write(digest, place.read(digest) + b"\0"), "size_differs"),
        (lambda place, digest: place.remove(digest), "file_missing"),
    ],
)
def test_a_file_that_is_not_the_one_that_was_written_does_not_serve(
    place: Place, clock: Clock, seconds: Seconds, capfd: Any, change: Callable[..., None], code: str
) -> None:
    digest = digest_of(place.app)
    body = place.read(digest)
    change(place, digest)
    capfd.readouterr()
    made = scores(place.app, clock)
    assert made.model_version is None  # the rule serves on
    assert made.known.all()
    (line,) = [line for line in lines(capfd) if line["event"] == "score_model_refused"]
    assert (line["level"], line["model_version"], line["code"]) == ("error", "logistic-1", code)
    assert trouble(place.app) == code
    ready = place.app.test_client().get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "ok")

    # It is said once, and looked at again later, ever more seldom, not at each score.
    for _ in range(5):
        seconds.now += 5
        assert served(place.app) is None
    assert not [line for line in lines(capfd) if line["event"] == "score_model_refused"]
    seconds.now += 6
    assert served(place.app) is None
    assert [line["code"] for line in lines(capfd) if line["event"] == "score_model_refused"] == [code]
    place.write(digest, body)
    seconds.now += 55
    assert served(place.app) is None
    seconds.now += 6
    assert served(place.app) == "logistic-1"
    assert trouble(place.app) is None


def test_what_the_row_vouches_for_is_still_not_run(
    with_history: Callable[..., Flask], on_disk: dict[str, str], folder: Path, clock: Clock, seconds: Seconds,
    tmp_path: Path,
) -> None:  # fmt: skip
    app = with_history(**on_disk)
    with app.app_context():
        train(at=clock.now())
    place, witness = Place(app, folder), tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return witness.write_text, ("ran",)

    body = place.read(digest_of(app))
    line, _, _ = body[len(MAGIC) :].partition(b"\n")
    header = MAGIC + line + b"\n"
    for hostile, code in (
        (pickle.dumps(Hostile()), "not_a_model"),
        (header + pickle.dumps(Hostile()), "not_a_model"),
        (header + skops.io.dumps(Hostile()), "strange_types"),
        (body.replace(MAGIC, b"chhota-model 9\n"), "unknown_format"),
        (body.replace(b'"logistic"', b'"tflite-v2"'), "unknown_kind"),
        (body.replace(b'"on_ewma"', b'"age"'), "other_features"),
        (body.replace(b'"feature_set": ', b'"feature_set": 9'), "other_features"),
    ):
        place.write(pinned(app, hostile), hostile)
        assert served(app) is None
        assert trouble(app) == code
        seconds.now += 5
    place.write(pinned(app, body), body)
    seconds.now += 5
    assert served(app) == "logistic-1"
    with app.app_context():
        run(lambda: queue("UPDATE score_models SET kind = 'boosting', version = 'boosting-1'"))
    seconds.now += 5
    assert served(app) is None
    assert trouble(app) == "kind_differs"
    with app.app_context():
        run(lambda: queue("UPDATE score_models SET location = '../../etc/passwd', version = 'boosting-2'"))
    seconds.now += 5
    assert served(app) is None
    assert trouble(app) == "file_missing"
    assert not witness.exists()


def test_a_bucket_that_is_away_is_told_and_deposits_go_on(
    with_history: Callable[..., Flask], history: str, clock: Clock, seconds: Seconds
) -> None:
    app = with_history()
    with app.app_context():
        train(at=clock.now())
        ((row,),) = run(lambda: fetch("SELECT row_to_json(m)::text FROM score_models m"))
    away = with_history(S3_ENDPOINT_URL="http://127.0.0.1:9")
    with away.app_context():
        run(
            lambda: queue(
                "INSERT INTO score_models SELECT * FROM json_populate_record(NULL::score_models, %s::json)", (row,)
            )
        )
    assert scores(away, clock).model_version is None
    assert trouble(away) == "storage_unavailable"
    assert away.test_client().get("/readyz").status_code == 200


def test_who_serves_is_asked_every_few_seconds_and_the_file_read_once(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock, seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    app = with_history(**on_disk)
    with app.app_context():
        train(at=clock.now())
    counts = {"read": 0, "in_service": 0}
    for name in counts:
        real = getattr(registry, name)

        def counted(*arguments: Any, name: str = name, real: Any = real) -> Any:
            counts[name] += 1
            return real(*arguments)

        monkeypatch.setattr(registry, name, counted)
    for _ in range(10):
        assert served(app) == "logistic-1"
        seconds.now += 1
    assert counts == {"read": 1, "in_service": 4}
    with app.app_context():
        run(lambda: promotion.rollback(at=clock.now()))
        assert run(registry.serving) is None  # the process that did it knows at once
    # Another process: it learns of it within seconds, or at once where it has to know.
    with app.app_context():
        run(lambda: queue("UPDATE score_models SET status = 'serving'"))
        assert run(registry.serving) is None
        assert run(lambda: registry.serving(fresh=True)).version == "logistic-1"


def test_the_console_says_what_is_wrong(place: Place, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "WORKER_PATIENCE", 0.1)

    def told() -> list[tuple[str, str]]:
        with place.app.app_context():
            found = doctor.examine(place.app.config, refused=[], refused_in_production=[], now=clock.now())
            return [(check.state, check.says) for check in found if check.part == "model"]

    assert told() == [("ok", "logistic-1 predicts")]
    place.remove(digest_of(place.app))
    served(place.app)
    ((state, says),) = told()
    assert (state, says.startswith("the rule predicts: logistic-1 cannot be used since")) == ("problem", True)


def test_promotion_and_rollback_go_through_those_that_served(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock, seconds: Seconds
) -> None:
    app = with_history(**on_disk)

    def states() -> dict[str, str]:
        return dict(run(lambda: fetch("SELECT version, status FROM score_models ORDER BY number")))

    with app.app_context():
        for days in (0, 7, 14):
            clock.advance(days=days)
            train(at=clock.now(), promote=False)
        assert states() == {"logistic-1": "candidate", "logistic-2": "candidate", "logistic-3": "candidate"}
        for version in ("logistic-1", "logistic-3"):
            clock.advance(hours=1)
            run(lambda version=version: promotion.promote(version, at=clock.now()))
        assert states() == {"logistic-1": "retired", "logistic-2": "candidate", "logistic-3": "serving"}
        with pytest.raises(DomainError) as refusal:
            run(lambda: promotion.promote("logistic-3", at=clock.now()))
        assert refusal.value.code == "model_serving"
        with pytest.raises(NotFound):
            run(lambda: promotion.promote("boosting-9", at=clock.now()))
        clock.advance(hours=1)
        assert run(lambda: promotion.rollback(at=clock.now())) == ("logistic-3", "logistic-1")
        assert run(registry.serving).version == "logistic-1"
        assert run(lambda: promotion.rollback(at=clock.now())) == ("logistic-1", None)
        with pytest.raises(DomainError) as refusal:
            run(lambda: promotion.rollback(at=clock.now()))
        assert refusal.value.code == "no_model_serving"
        clock.advance(hours=1)
        run(lambda: promotion.promote("logistic-2", at=clock.now()))
        assert run(lambda: promotion.rollback(at=clock.now(), to_rule=True)) == ("logistic-2", None)
        actions = run(lambda: fetch("SELECT action, subject_id, details FROM audit_log ORDER BY id"))
        assert [entry for entry in actions if entry[0].startswith("score_model_roll")] == [
            ("score_model_rolled_back", "logistic-3", {"to": "logistic-1"}),
            ("score_model_rolled_back", "logistic-1", {"to": None}),
            ("score_model_rolled_back", "logistic-2", {"to": None}),
        ]


def test_scores_follow_the_model(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock, seconds: Seconds
) -> None:
    app = with_history(**on_disk)

    def versions() -> list[Any]:
        assert "credit.recalculate" in RECEIVERS["credit.model_changed"]
        perform(JOBS["credit.recalculate"])
        return run(lambda: fetch("SELECT model_version, count(*) FROM credit_scores GROUP BY 1"))

    with app.app_context():
        # The history was taken in by real time, after what the clock says here.
        run(lambda: queue("DELETE FROM credit_scores"))
        assert versions() == [(None, 90)]
        train(at=clock.now())
        clock.advance(minutes=1)
        assert versions() == [("logistic-1", 90)]
        causes = "SELECT cause, model_version FROM credit_score_history GROUP BY 1, 2 ORDER BY 1"
        assert run(lambda: fetch(causes)) == [("model", "logistic-1"), ("recalculation", None)]
        # Of another process the model was taken back: this one has it in memory.
        run(lambda: queue("UPDATE score_models SET status = 'retired'"))
        clock.advance(minutes=1)
        assert versions() == [(None, 90)]


def test_a_model_that_comes_into_service_while_all_is_made_anew_predicts_for_all(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock, seconds: Seconds
) -> None:
    app = with_history(**on_disk)
    with app.app_context():
        run(lambda: queue("DELETE FROM credit_scores"))
        first: list[int] = []

        def while_it_runs(done: int, total: int | None) -> None:
            if not first:
                first.append(done)
                train(at=clock.now())
                clock.advance(minutes=1)

        perform(JOBS["credit.recalculate"], watch=while_it_runs)
        assert first
        rows = run(lambda: fetch("SELECT model_version, count(*) FROM credit_scores GROUP BY 1"))
        assert rows == [("logistic-1", 90)]


def test_a_look_back_predicts_with_the_model_of_then(
    with_history: Callable[..., Flask], on_disk: dict[str, str], clock: Clock, seconds: Seconds
) -> None:
    app = with_history(**on_disk)
    with app.app_context():
        run(lambda: queue("DELETE FROM credit_scores"))
        train(at=clock.now())
        clock.advance(minutes=1)
        perform(JOBS["credit.recalculate"])
        then = clock.now()
        clock.advance(minutes=1)
        run(lambda: promotion.rollback(at=clock.now(), to_rule=True))
        perform(JOBS["credit.recalculate"])
        rows = run(lambda: fetch("SELECT user_id FROM credit_scores WHERE score IS NOT NULL ORDER BY user_id LIMIT 20"))
        for (saver,) in rows:
            before = run(lambda saver=saver: looking_back.kept(saver, at=then))  # type: ignore[misc]
            again = run(lambda saver=saver, kept=before: looking_back.recomputed(saver, at=then, as_kept=kept))  # type: ignore[misc]
            assert (before.model_version, again.model_version) == ("logistic-1", "logistic-1")
            assert (int(again.rule.score[0]), int(again.predicted[0])) == (before.score, before.predicted_score)


def test_a_file_that_cannot_be_used_is_not_promoted(
    with_history: Callable[..., Flask], on_disk: dict[str, str], folder: Path, clock: Clock, seconds: Seconds
) -> None:
    app = with_history(**on_disk)
    with app.app_context():
        train(at=clock.now())
        clock.advance(days=7)
        train(at=clock.now(), promote=False)
        (broken,) = run(lambda: fetch("SELECT encode(sha256, 'hex') FROM score_models WHERE version = 'logistic-2'"))
        (folder / f"{broken[0]}.model").write_bytes(b"")
        with pytest.raises(DomainError) as refusal:
            run(lambda: promotion.promote("logistic-2", at=clock.now()))
        assert refusal.value.code == "model_refused"
        with pytest.raises(DomainError):
            run(lambda: registry.predictor("logistic-2"))
        assert run(registry.serving).version == "logistic-1"
        # A look back at what another model said.
        clock.advance(hours=1)
        run(lambda: promotion.rollback(at=clock.now()))
        assert run(lambda: registry.predictor("logistic-1")).version == "logistic-1"
