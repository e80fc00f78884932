"""Facts that notices could be told of, by kind: what staff see a template with. Nobody's, and never sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

JAR: Final = {"jar_id": "0199c1f0-0000-7000-8000-000000000001", "jar": "Bicycle"}
LOAN: Final = {"loan_id": "0199c1f0-0000-7000-8000-000000000002"}
REQUEST: Final = {"reference": "CH-7K3M-9QXD", "request_id": "0199c1f0-0000-7000-8000-000000000003"}
AUTO: Final = {**JAR, "amount": 5_000, "on": "2026-07-17"}
DARK: Final = {**JAR, "plan": "daily", "unit": "days", "period_start": "2026-07-06"}
RISK: Final = {**JAR, "due_by": "2026-07-15"}
WEEK: Final = {"week_start": "2026-07-06", "total": 420_000, "unit": "days"}

#: By kind: each occasion in words, with its facts. Amounts in minor units, days as ISO 8601.
NOTICES: Final[dict[str, dict[str, Mapping[str, Any]]]] = {
    "deposit_received": {
        "By hand": {**JAR, "transaction_id": "t", "amount": 5_000, "balance": 125_000},
        "By an auto-deposit": {**JAR, "transaction_id": "t", "amount": 5_000, "balance": 125_000, "auto": True},
    },
    "auto_deposit": {
        "A day ahead": {**AUTO, "event": "ahead"},
        "Skipped": {**AUTO, "event": "skipped"},
        "It did not come": {**AUTO, "event": "failed", "tries": 1},
        "It did not come for the last time": {**AUTO, "event": "failed", "tries": 3},
    },
    "streak_at_risk": {
        "Days, with freezes": {**RISK, "plan": "daily", "current": 12, "unit": "days", "freezes": 2},
        "Weeks, with one freeze": {**RISK, "plan": "weekly", "current": 4, "unit": "weeks", "freezes": 1},
        "Months, with none": {**RISK, "plan": "monthly", "current": 3, "unit": "months", "freezes": 0},
    },
    "streak_changed": {
        "A freeze stood in": {**DARK, "change": "frozen", "current": 12, "freezes": 1},
        "The last freeze stood in": {**DARK, "change": "frozen", "current": 12, "freezes": 0},
        "A new one begins": {**DARK, "change": "lost", "current": 0, "freezes": 0},
    },
    "badge_earned": {
        "In a jar": {"badge_type": "streak_7_days", "taken_back": False, **JAR},
        "Of a saver": {"badge_type": "first_deposit", "taken_back": False},
        "Taken back": {"badge_type": "streak_7_days", "taken_back": True, **JAR},
    },
    "target_reached": {"A full jar": {**JAR, "target": 500_000}},
    "score_changed": {
        "Up": {"score": 662, "before": 640, "reason": "deposit"},
        "Down": {"score": 620, "before": 640, "reason": "period"},
        "The first": {"score": 620, "before": None, "reason": "deposit"},
    },
    "instalment_due": {
        "Due soon": {**LOAN, "event": "due", "amount": 96_973, "due_on": "2026-07-17", "overdue": False},
        "Still open": {**LOAN, "event": "due", "amount": 96_973, "due_on": "2026-07-17", "overdue": True},
    },
    "loan_ended": {
        "Paid back": {**LOAN, **JAR, "event": "repaid", "amount": 1_960_000},
        "In default": {**LOAN, **JAR, "event": "defaulted", "amount": 250_000},
        "In default, with nothing left": {**LOAN, "event": "defaulted", "amount": 0},
    },
    "kyc_decided": {
        "Accepted": {"status": "verified", "document_type": "pan"},
        "Refused": {"status": "rejected", "document_type": "passport", "reason": "unreadable"},
        "Asked again": {"status": "resubmit", "document_type": "aadhaar", "reason": "unreadable"},
    },
    "new_device": {
        "Known by name": {"device": "Chrome, Android", "family_id": "f"},
        "Without a name": {"device": None, "family_id": "f"},
    },
    "weekly_digest": {
        "A good week": {**WEEK, "saved": 35_000, "deposits": 5, "kept": 5, "asked": 7, "streak": 12},
        "A quiet week": {**WEEK, "saved": 0, "deposits": 0, "kept": 0, "asked": 7, "streak": 0},
    },
    "support_answered": {"Answered": REQUEST, "The answer is late": {**REQUEST, "late": True}},
    "account_changed": {
        "Password changed": {"what": "password_changed"},
        "Password set anew": {"what": "password_reset"},
        "Address changed": {"what": "email_changed"},
        "Number changed": {"what": "phone_changed"},
        "Second factor on": {"what": "two_factor_on"},
        "Second factor off": {"what": "two_factor_off"},
        "Recovery code used": {"what": "recovery_code_used", "left": 9},
        "Another way in": {"what": "external_linked", "provider": "Google"},
        "A way in taken away": {"what": "external_unlinked", "provider": "Google"},
    },
}
#: Letters and SMS about the account itself, which stand in no inbox.
LETTERS: Final[dict[str, dict[str, Mapping[str, Any]]]] = {
    "email_check": {"Confirm an address": {}},
    "password_link": {"A new password": {}},
    "email_left": {"To the address that was left": {}},
    "phone_code": {"A code for a number": {"code": "123456"}},
    "suspended": {"By staff": {}},
    "restored": {"By staff": {}},
}
