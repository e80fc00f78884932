"""What is nobody's own: the house's books and its machinery."""

from __future__ import annotations

from datetime import timedelta

from app.services.ops.privacy.holding import Holding

NOBODYS = "nobody's own"

HOLDINGS = (
    Holding("audit_head", "The end of the audit log", NOBODYS, stays="one row"),
    Holding("ledger_checkpoints", "Seals over the ledger", NOBODYS, stays="numbers and hashes of accounts alone"),
    Holding("ledger_sealed_heads", "How far each account is sealed", NOBODYS, stays="numbers alone"),
    Holding(
        "outbox",
        "Work for later, written with its cause",
        "ids on their way to the worker, gone within seconds",
        stays="ids alone",
        kept=timedelta(days=90),
        counted="after it was given up; otherwise it goes when it is handed on",
    ),
    Holding("import_runs", "Imports of histories", NOBODYS, stays="keeps the same file from being taken in twice"),
    Holding(
        "import_refusals",
        "Lines of an imported file that could not be booked",
        "whose they are is not known: they were not booked",
        stays="whose they are is not known; they go when their time is over",
        kept=timedelta(days=90),
        counted="after the import ended",
    ),
    Holding(
        "job_runs",
        "Runs of jobs",
        NOBODYS,
        stays="ids alone",
        kept=timedelta(days=30),
        counted="after they were ordered",
    ),
    Holding("job_marks", "When each job last ran", NOBODYS, stays="one row for each job"),
    Holding("daily_figures", "How much moved on each day, of all savers", NOBODYS, stays="sums over all savers"),
    Holding("standing_figures", "Figures of the console's first page", NOBODYS, stays="sums over all savers"),
    Holding("product_clock", "The product's clock", NOBODYS, stays="one row"),
    Holding("score_models", "Models that were trained", NOBODYS, stays="sums over all savers; shows what decided"),
    Holding(
        "score_health",
        "How predictions held",
        NOBODYS,
        stays="sums over all savers",
        kept=timedelta(days=2 * 365),
        counted="after they were measured",
    ),
)
