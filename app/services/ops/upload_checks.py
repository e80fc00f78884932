"""What the doctor says of files that savers send: the scanner, papers that wait, files that do not leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from app.integrations.scanner import scanner
from app.services.ops.check import Check

PATIENCE = timedelta(hours=1)


def scanning(config: Mapping[str, Any], *, production: bool) -> Check:
    """Whether files are looked at before they are kept."""
    if "SCANNER_URL" not in config:
        return Check("scanner", "problem", "not asked, for SCANNER_URL cannot be used", "Correct SCANNER_URL.")
    looking = scanner(config)
    if not looking.configured:
        return Check(
            "scanner", "note" if production else "ok", "none: files are made anew, and no scanner looks at them",
            "Set SCANNER_URL to a clamd." if production else None,
        )  # fmt: skip
    parts = urlsplit(config["SCANNER_URL"])
    if looking.reachable():
        return Check("scanner", "ok", f"clamd at {parts.hostname or parts.path} answers")
    return Check(
        "scanner", "problem", f"clamd at {parts.hostname or parts.path} does not answer: no file is taken in",
        "Start clamd, or correct SCANNER_URL.",
    )  # fmt: skip


def standing(ask: Callable[..., Any], config: Mapping[str, Any], now: datetime) -> Iterator[Check]:
    """Papers and files. ``ask`` gives the first row of a query; ``now``: the product's time."""
    waiting, late = ask(
        "SELECT count(*), count(*) FILTER (WHERE uploaded_at < %s) FROM kyc_documents"
        " WHERE status = 'pending' OR proposed_status IS NOT NULL",
        now - timedelta(days=config["KYC_REVIEW_DAYS"]),
    )
    if late:
        yield Check("papers", "problem", f"{late} identity papers should have been looked at", "See `flask kyc list`.")
    else:
        yield Check("papers", "ok", f"{waiting} identity papers wait for a look")
    (stuck,) = ask(
        "SELECT count(*) FROM stored_files WHERE status = 'leaving' AND changed_at < %s", datetime.now(UTC) - PATIENCE
    )
    if stuck:
        yield Check(
            "files", "problem", f"{stuck} files that were replaced or erased are still in the store",
            "Worker, beat and store must run: `flask jobs run uploads.remove` does it now.",
        )  # fmt: skip
