"""How the console says the program's words."""

from __future__ import annotations

from typing import Final

STATES: Final = {"active": "active", "suspended": "suspended", "erased": "erased"}
ROLES: Final = {"saver": "saver", "support": "support", "admin": "admin"}
KYC: Final = {
    "none": "none",
    "pending": "waiting",
    "verified": "verified",
    "rejected": "refused",
    "resubmit": "asked again",
}
TRANSACTIONS: Final = {
    "deposit": "deposit",
    "withdraw": "withdrawal",
    "interest": "interest",
    "bonus": "bonus",
    "fee": "fee",
    "transfer_in": "transfer in",
    "transfer_out": "transfer out",
    "reversal": "reversal",
    "loan_accept": "loan accepted",
    "loan_charge": "loan charge",
    "loan_repayment": "loan repayment",
    "loan_release": "loan release",
    "loan_default": "loan default",
    "loan_cancel": "loan cancelled",
    "loan_refund": "loan refund",
}
REASONS: Final = {
    "support_request": "A request of this saver's",
    "identity_check": "To check who it is",
    "loan": "A loan of this saver's",
    "correction": "To put data right",
    "fraud": "Suspicion of fraud",
    "legal": "A court or an authority asks",
}
DEVICES: Final = {"web": "browser", "api": "app", "expo": "push to the app", "push": "push to a browser"}


def choices(codes: tuple[str, ...], words: dict[str, str]) -> list[tuple[str, str]]:
    """What a choice of ``codes`` offers."""
    return [(code, words.get(code, code.replace("_", " "))) for code in codes]
