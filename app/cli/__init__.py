"""flask commands for operators."""

from __future__ import annotations

from flask import Flask

from app.cli import (
    badges,
    clock,
    demo,
    doctor,
    imports,
    jobs,
    kyc,
    ledger,
    loans,
    notifications,
    outbox,
    scoring,
    settings,
    staff,
    support,
    two_factor,
)


def register_commands(app: Flask) -> None:
    """Add every command group to ``flask``."""
    demo.group.add_command(imports.demo_real)
    for command in (
        badges.group,
        clock.group,
        demo.group,
        doctor.doctor,
        imports.group,
        jobs.group,
        kyc.group,
        ledger.group,
        loans.group,
        notifications.group,
        outbox.group,
        scoring.group,
        settings.group,
        staff.group,
        support.group,
        two_factor.group,
    ):
        app.cli.add_command(command)
