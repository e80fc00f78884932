"""What must turn up in no log line, metric, error report or trace, wherever it is typed."""

from __future__ import annotations

PAN = "ACUPA1234R"
PHONE = "9876543210"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
PASSPHRASE = "correct-horse-battery"
ADDRESS = "asha@example.in"
AADHAAR = "234123412346"
CANARIES = (PAN, PHONE, JWT, PASSPHRASE, ADDRESS, AADHAAR)
