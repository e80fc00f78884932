from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from app.services.identity.kyc import papers
from app.services.identity.kyc.papers import Paper
from app.transactions import fetch, run
from tests import files
from tests.factories import Saver

Send = Callable[..., Paper]


@pytest.fixture
def send(app: Flask, context: None, clock: Any) -> Send:
    """Send a paper as a saver: ``send(saver, "pan", number)``."""

    def sending(saver: Saver, kind: str = "pan", number: str | None = None, *, body: bytes | None = None) -> Paper:
        sent = files.picture(size=(60, 40)) if body is None else body
        return papers.send(saver.principal(), document_type=kind, number=number, sent=sent, at=clock.now())

    return sending


def of_user(saver: Saver) -> tuple[str, str | None]:
    """The saver's state, and the key of the paper that counts."""
    ((status, key),) = run(lambda: fetch("SELECT kyc_status, kyc_file FROM users WHERE id = %s", (saver.id,)))
    return status, key


def file_of(paper: UUID) -> tuple[str, str] | None:
    """Key and state of a paper's file; None where it has none any more."""
    rows = run(
        lambda: fetch(
            "SELECT f.key, f.status FROM kyc_documents d JOIN stored_files f ON f.id = d.file_id WHERE d.id = %s",
            (paper,),
        )
    )
    return rows[0] if rows else None


def audited(subject: UUID) -> list[tuple[str, UUID | None, dict[str, Any]]]:
    """Action, actor and details of what the audit log has about ``subject``, in order."""
    return run(
        lambda: fetch(
            "SELECT action, actor_id, details FROM audit_log WHERE subject_id = %s ORDER BY id", (str(subject),)
        )
    )


def told(saver: Saver) -> list[dict[str, Any]]:
    """The facts of the notices about papers, in order."""
    return [
        facts
        for (facts,) in run(
            lambda: fetch(
                "SELECT facts FROM notifications WHERE user_id = %s AND kind = 'kyc_decided' ORDER BY id", (saver.id,)
            )
        )
    ]


def state(paper: UUID) -> tuple[str, str | None, datetime | None]:
    """Status, reason and time of the decision."""
    return run(lambda: fetch("SELECT status, reason, decided_at FROM kyc_documents WHERE id = %s", (paper,)))[0]
