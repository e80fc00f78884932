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
PAPERS: Final = {
    "pan": "PAN card",
    "aadhaar": "Aadhaar card",
    "passport": "passport",
    "voter_id": "voter ID",
    "driving_licence": "driving licence",
}
PAPER_STATES: Final = {
    "pending": "waiting",
    "verified": "verified",
    "rejected": "rejected",
    "resubmit": "asked again",
    "replaced": "replaced",
}
PAPER_REASONS: Final = {
    "unreadable": "the photo cannot be read",
    "incomplete": "a part of it is missing in the photo",
    "expired": "it is no longer valid",
    "name_mismatch": "the name is not that of the account",
    "wrong_document": "it is not the document it was sent as",
    "not_genuine": "it is not genuine",
}
REVERSALS: Final = {
    "waiting": "waiting",
    "approved": "done by two",
    "declined": "declined",
    "void": "not possible",
    "withdrawn": "withdrawn",
}
REVERSAL_WHYS: Final = {"limit": "above the limit", "owed": "leaves something owed"}
#: Deeds and subjects of the audit log whose names in the program are no words.
AUDITED: Final = {
    "kyc_document": "identity paper",
    "kyc_document_sent": "identity paper sent",
    "kyc_document_viewed": "identity paper viewed",
    "kyc_decision_proposed": "identity paper, first word",
    "kyc_decided": "identity paper decided",
    "kyc_decision_stands": "identity paper, decision left as it was",
    "job": "run",
    "job_run": "job begun",
    "support_late": "answer late",
    "support_answered": "request answered",
    "support_requested": "request made",
    "support_request": "request",
    "support_request_read": "request read",
    "score_model": "model",
    "score_model_trained": "model trained",
    "score_model_promoted": "model promoted",
    "score_model_rolled_back": "model taken back",
    "reversal_void": "reversal not possible any more",
    "saver_noted": "note left",
}
#: What the audit log says of a movement, for its story.
STORY: Final = {
    "transaction_reversed": "took it back",
    "reversal_requested": "asked for it to be taken back",
    "reversal_approved": "agreed as the second person",
    "reversal_declined": "declined",
    "reversal_withdrawn": "withdrew the request",
    "reversal_void": "found that it could not be done any more",
}
REQUESTS: Final = {"open": "open", "answered": "answered"}
ABOUT: Final = {"score": "a score", "loan": "a loan", "transaction": "a transaction"}
JOBS: Final = {"queued": "waits for its turn", "running": "being written", "done": "done", "failed": "failed"}
SCORES: Final = {"scored": "settled", "provisional": "provisional", "no_history": "no history yet"}
RUNS: Final = {"queued": "ordered", "running": "under way", "done": "done", "failed": "failed"}
OUTCOMES: Final = {"done": "done", "nothing": "nothing to do", "failed": "failed"}
DELIVERIES: Final = {"waiting": "waiting", "sent": "sent", "expired": "of no use any more", "dead": "given up"}
CHANNELS: Final = {"email": "letter", "push": "push to the app", "webpush": "push to a browser", "sms": "SMS"}
BANDS: Final = {
    "beginning": "beginning (300 to 499)",
    "building": "building (500 to 599)",
    "steady": "steady (600 to 699)",
    "good": "good (700 to 799)",
    "excellent": "excellent (800 to 900)",
}
CAUSES: Final = {
    "period_closed": "a period closed",
    "jar_changed": "a jar changed",
    "model": "another model",
    "policy": "another rule",
}
FACTORS: Final = {
    "punctuality": "On time",
    "habit": "Recent habit",
    "tenure": "Keeping at it",
    "repayment": "Loan instalments",
    "streak": "In a row",
    "recency": "Latest deposit",
    "fulfilment": "Full amounts",
    "kept": "Money kept",
}
LOANS: Final = {"accepted": "cooling off", "defaulted": "in default"}
CANCELLED: Final = {
    "expired": "the offer ran out",
    "replaced": "a newer offer took its place",
    "declined": "the saver did not want it",
    "cooling_off": "within the cooling-off",
}
PAYMENTS: Final = {
    "repayment": "repayment",
    "refund": "given back",
    "default": "settled by the default",
}
EVENTS: Final = {
    "cooling_off_over": "cooling-off over, active",
    "loan_accept": "accepted; the money is locked",
    "loan_charge": "interest and charges booked",
    "loan_repayment": "paid",
    "loan_release": "the locked money went to a jar",
    "loan_default": "settled out of the locked money",
    "loan_cancel": "undone",
    "loan_refund": "given back",
    "defaulted": "in default",
}
CHECKS: Final = {
    "identity": "Identity",
    "account": "Account",
    "paused_jars": "Jars that pause",
    "history_days": "Days since the first deposit",
    "score": "Score, settled",
    "on_time_rate": "Of the last periods on time",
    "open_loans": "Other loans",
    "arrears": "Overdue or owed",
    "defaults": "Loans that went unpaid",
    "affordability": "Affordable a month",
}
MODELS: Final = {"candidate": "candidate", "serving": "in service", "retired": "retired"}
VERDICTS: Final = {
    "ok": "holds up",
    "drifting": "drifts",
    "unknown": "too little to tell",
    "refused": "file refused",
}
OUTSIDE: Final = {"scanner": "scanner", "storage": "object store"}


def choices(codes: tuple[str, ...], words: dict[str, str]) -> list[tuple[str, str]]:
    """What a choice of ``codes`` offers."""
    return [(code, words.get(code, code.replace("_", " "))) for code in codes]
