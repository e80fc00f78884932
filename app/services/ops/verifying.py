"""Recomputing all that must hold about money: the ledger, the loan book, the audit log and the checkpoints' copies.

`flask ledger verify` does it for an operator, the job ``ledger.verify`` each night for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.errors import DomainError, Unavailable
from app.ledger import verify as ledger
from app.ledger.verify import Finding
from app.observability import get_logger
from app.services.audit import log as audit
from app.services.loans import checking
from app.services.ops import checkpoints
from app.services.ops.job_runs import Round
from app.transactions import run, transaction

log = get_logger()


@dataclass(frozen=True, slots=True)
class Verified:
    """``postings``: those in chains. ``copies``: whether the checkpoints' copies could be compared."""

    findings: int
    postings: int
    copies: bool


def verify(tell: Callable[[Finding], None], progress: Callable[[int], None], *, at: datetime, actor: str) -> Verified:
    """Tell of each finding, and note in the audit log that it was looked and how much was found.

    Transactions of its own, one for each part. ``progress`` is told how many postings have been checked so far.
    """
    findings = postings = 0

    def counted(more: int) -> None:
        nonlocal postings
        postings += more
        progress(postings)

    def each(found: Iterator[Finding]) -> None:
        nonlocal findings
        with transaction():
            for finding in found:
                findings += 1
                tell(finding)

    each(ledger.verify(counted))
    each(checking.verify())
    each(Finding("audit_log", "audit_log 1", sentence) for sentence in audit.verify())
    copies = True
    try:
        each(checkpoints.verify_copies())
    except Unavailable:
        copies = False
    run(partial(_note, findings, postings, at, actor))
    return Verified(findings, postings, copies)


def _note(findings: int, postings: int, at: datetime, actor: str) -> None:
    audit.record(
        "ledger_verified", subject_type="ledger", subject_id=1, at=at, actor=actor,
        details={"findings": findings, "postings": postings},
    )  # fmt: skip


def nightly(turn: Round) -> int:
    """The job: how many postings hold. Raises DomainError ``ledger_findings`` where something does not."""
    done = verify(_log, lambda postings: turn.report(postings, None), at=turn.at, actor="system")
    if done.findings:
        raise DomainError(
            "ledger_findings",
            f"{done.findings} findings in {done.postings} postings: `flask ledger verify` names them.",
        )
    return done.postings


def _log(finding: Finding) -> None:
    log.error("ledger_finding", code=finding.code, reason=finding.subject)
