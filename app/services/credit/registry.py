"""The models that were trained, and the one in service: which it is, and whether its file may be used.

A process keeps the model in memory and asks the database every few seconds which one serves. Where its file is missing,
changed or not of this program the rule serves, a log line and the model's row say why, and it is tried again later.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from flask import current_app

from app.errors import DomainError, NotFound
from app.observability import get_logger
from app.scoring.model_file import Refused
from app.services.credit.model_files import KeptModel, read
from app.services.credit.scoring import Predictor
from app.transactions import after_commit, fetch, queue, run

log = get_logger()
#: Seconds for which a process takes the answer which model serves as still true.
ASKED_EVERY: Final = 3.0
#: Seconds until a file that was refused is looked at again: twice as long after each time, up to the second.
RETRIED_AFTER: Final = (30.0, 900.0)

_COLUMNS = "version, kind, status, location, sha256, size, created_at, promoted_at, retired_at, trouble, trouble_since"


def kept_models() -> list[KeptModel]:
    """Every model, the newest first."""
    return [_kept(row) for row in fetch(f"SELECT {_COLUMNS} FROM score_models ORDER BY number DESC")]  # noqa: S608


def kept_model(version: str) -> KeptModel:
    """One of them. Raises NotFound."""
    rows = fetch(f"SELECT {_COLUMNS} FROM score_models WHERE version = %s", (version,))  # noqa: S608
    if not rows:
        raise NotFound(f"There is no model {version}. `flask scoring models` lists those that there are.")
    return _kept(rows[0])


def in_service() -> KeptModel | None:
    """The one that is to serve, whether its file may be used or not."""
    rows = fetch(f"SELECT {_COLUMNS} FROM score_models WHERE status = 'serving'")  # noqa: S608
    return _kept(rows[0]) if rows else None


def card_of(version: str) -> dict[str, Any]:
    """A model's card. Raises NotFound."""
    rows = fetch("SELECT card FROM score_models WHERE version = %s", (version,))
    if not rows:
        raise NotFound(f"There is no model {version}.")
    card: dict[str, Any] = rows[0][0]
    return card


def cards() -> dict[str, dict[str, Any]]:
    """The cards of all, by version, without the part that is only for comparing with."""
    return dict(fetch("SELECT version, card - 'baseline' FROM score_models"))


def serving(*, fresh: bool = False) -> Predictor | None:
    """The model in service; None where the rule predicts. Belongs into a transaction; a file is read at most once.

    The answer may be some seconds old; not with ``fresh``, for who makes scores anew because the model has changed.
    """
    state = _state()
    with state.lock:
        now = time.monotonic()
        if fresh or now - state.asked >= ASKED_EVERY:
            kept = in_service()
            state.asked = now
            _take(state, kept, now)
        return state.predictor


def refusal(kept: KeptModel) -> Refused | None:
    """What is wrong with a model's file now; None where nothing is."""
    try:
        read(kept)
    except Refused as refused:
        return refused
    return None


def predictor(version: str) -> Predictor:
    """Any model that was kept, for a look back at its scores. Raises NotFound, DomainError ``model_refused``."""
    found = serving()
    if found is not None and found.version == version:
        return found
    try:
        return Predictor(version, read(kept_model(version)))
    except Refused as refused:
        raise model_refused(version, refused) from refused


def model_refused(version: str, refused: Refused) -> DomainError:
    """The refusal for a person."""
    return DomainError("model_refused", f"The file of {version} cannot be used ({refused.code}): {refused}.")


def forget_serving() -> None:
    """Have this process ask anew once what is under way has been committed."""
    state = _state()
    after_commit(state.forget)


@dataclass(slots=True)
class _State:
    """What this process knows: of one application, since tests have several."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: float = float("-inf")
    identity: tuple[str, bytes] | None = None
    predictor: Predictor | None = None
    patience: float = RETRIED_AFTER[0]
    retry_at: float = float("-inf")

    def forget(self) -> None:
        with self.lock:
            self.asked = self.retry_at = float("-inf")


def _state() -> _State:
    state: _State = current_app.extensions.setdefault("score_model", _State())
    return state


def _take(state: _State, kept: KeptModel | None, now: float) -> None:
    identity = None if kept is None else (kept.version, kept.sha256)
    if identity != state.identity:
        state.identity, state.predictor = identity, None
        state.patience, state.retry_at = RETRIED_AFTER[0], float("-inf")
    if kept is None or state.predictor is not None or now < state.retry_at:
        return
    try:
        model = read(kept)
    except Refused as refused:
        log.error("score_model_refused", model_version=kept.version, code=refused.code, reason=str(refused))
        state.retry_at, state.patience = now + state.patience, min(2 * state.patience, RETRIED_AFTER[1])
        _note(kept, refused.code)
        return
    state.predictor = Predictor(kept.version, model)
    log.info("score_model_in_service", model_version=kept.version)
    _note(kept, None)


def _note(kept: KeptModel, trouble: str | None) -> None:
    """Have the model's row say it, in a transaction of its own: nobody waits for another's long one."""
    if kept.trouble == trouble:
        return
    now = datetime.now(UTC)

    def write() -> None:
        queue(
            "UPDATE score_models SET trouble = %(trouble)s, trouble_since = CASE WHEN %(trouble)s IS NULL THEN NULL"
            " ELSE coalesce(trouble_since, %(now)s) END"
            " WHERE version = %(version)s AND trouble IS DISTINCT FROM %(trouble)s",
            {"trouble": trouble, "now": now, "version": kept.version},
        )

    after_commit(lambda: run(write))


def _kept(row: Any) -> KeptModel:
    version, kind, status, location, digest, *rest = row
    return KeptModel(version, kind, status, location, bytes(digest), *rest)
