"""Which model serves: a new one entered, one promoted, one taken back. Each stands in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from app.errors import DomainError
from app.scoring.model_file import Refused
from app.services.audit import log as audit
from app.services.credit.model_files import KeptModel, ModelFile, read
from app.services.credit.registry import forget_serving, in_service, kept_model, model_refused
from app.services.outbox.messages import enqueue
from app.transactions import fetch, on_violation, queue

_LOCK: Final = 4_201_005  # any number of its own: models are entered and promoted one after the other

on_violation(
    "uq_score_models_serving",
    lambda: DomainError("model_changed", "Another model was promoted meanwhile. Look at `flask scoring models` again."),
)


def enter(file: ModelFile, card: dict[str, Any], *, at: datetime) -> tuple[str, bool]:
    """Keep the row of a model's file as a candidate: its version, and whether it is new.

    The same file is the same model, whoever trains it again.
    """
    _alone()
    known = fetch("SELECT version FROM score_models WHERE sha256 = %s", (file.sha256,))
    if known:
        return str(known[0][0]), False
    ((number,),) = fetch("SELECT coalesce(max(number), 0) + 1 FROM score_models")
    version = f"{file.kind}-{number}"
    queue(
        "INSERT INTO score_models (version, number, kind, status, location, sha256, size, card, created_at)"
        " VALUES (%s, %s, %s, 'candidate', %s, %s, %s, %s, %s)",
        (version, number, file.kind, file.location, file.sha256, file.size, orjson.dumps(card).decode(), at),
    )
    _record("score_model_trained", version, at, "system", None, {"sha256": file.sha256.hex()})
    return version, True


def promote(
    version: str, *, at: datetime, actor: str = "system", actor_id: UUID | None = None, reason: str | None = None
) -> str | None:
    """Have the model predict from now on; the version that did before. Every score is made anew soon after.

    ``reason``: why, for the audit log. Raises NotFound, DomainError ``model_serving`` where it does already,
    ``model_refused`` where its file cannot be used.
    """
    _alone()
    kept, before = kept_model(version), in_service()
    if before is not None and before.version == version:
        raise DomainError("model_serving", f"{version} is in service already.")
    _check(kept)
    if before is not None:
        _retire(before, at)
    queue(
        "UPDATE score_models SET status = 'serving', promoted_at = %s, retired_at = NULL, trouble = NULL,"
        " trouble_since = NULL WHERE version = %s",
        (at, version),
    )
    name = None if before is None else before.version
    _record("score_model_promoted", version, at, actor, actor_id, {"before": name} | _because(reason))
    _changed(version, at)
    return name


def rollback(
    *,
    at: datetime,
    to_rule: bool = False,
    only: str | None = None,
    actor: str = "system",
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> tuple[str, str | None]:
    """Take the model in service back: its version, and the one that served before it and does again.

    None for the rule: where none served before, or ``to_rule`` asks for it. Again, it goes back one further.
    ``only``: the version that whoever asks has seen in service, so that two who ask at once go back by one.
    ``reason``: why, for the audit log. Raises DomainError ``no_model_serving``, ``model_changed`` where another than
    ``only`` is in service, and ``model_refused`` where the file of the one before cannot be used.
    """
    _alone()
    current = in_service()
    if current is None:
        raise DomainError("no_model_serving", "No model is in service: the rule predicts already.")
    if only is not None and current.version != only:
        raise DomainError("model_changed", f"{only} is in service no more: {current.version} is. Nothing was changed.")
    rows = fetch(
        "SELECT version FROM score_models WHERE promoted_at < %s AND version <> %s ORDER BY promoted_at DESC LIMIT 1",
        (current.promoted_at, current.version),
    )
    before = None if to_rule or not rows else kept_model(rows[0][0])
    if before is not None:
        _check(before)
    _retire(current, at)
    if before is not None:
        # It keeps the time at which it was promoted, by which the one before it is found.
        queue(
            "UPDATE score_models SET status = 'serving', retired_at = NULL, trouble = NULL, trouble_since = NULL"
            " WHERE version = %s",
            (before.version,),
        )
    name = None if before is None else before.version
    _record("score_model_rolled_back", current.version, at, actor, actor_id, {"to": name} | _because(reason))
    _changed(name, at)
    return current.version, name


def _alone() -> None:
    fetch("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def _check(kept: KeptModel) -> None:
    try:
        read(kept)
    except Refused as refused:
        raise model_refused(kept.version, refused) from refused


def _retire(kept: KeptModel, at: datetime) -> None:
    queue("UPDATE score_models SET status = 'retired', retired_at = %s WHERE version = %s", (at, kept.version))


def _changed(version: str | None, at: datetime) -> None:
    enqueue("credit.model_changed", {"version": version}, at)
    forget_serving()


def _because(reason: str | None) -> dict[str, Any]:
    return {} if reason is None else {"reason": reason}


def _record(
    action: str, version: str, at: datetime, actor: str, actor_id: UUID | None, details: dict[str, Any]
) -> None:
    audit.record(
        action, subject_type="score_model", subject_id=version, at=at, actor=actor, actor_id=actor_id, details=details
    )
