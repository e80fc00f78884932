"""What a saver saw of a score, a movement or a loan when they asked about it: kept as plain values, said in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from app.blueprints.ops import words
from app.blueprints.ops.columns import first_large, said

#: What a fact is called, and how its value is drawn (ops/request.html): "text", "money" (minor units), "instant",
#: "share" (of one), "percent" (hundredths of one), "id", or the words of a code.
FACTS: Final[dict[str, tuple[str, str | Mapping[str, str]]]] = {
    "status": ("State", words.SCORES | words.LOANS),
    "score": ("Score", "text"),
    "predicted_score": ("That as a score", "text"),
    "probability": ("Next deposit on time", "share"),
    "policy_version": ("Rule", "text"),
    "model_version": ("Model", "text"),
    "as_of": ("As of", "instant"),
    "last_updated": ("Last changed", "instant"),
    "type": ("What moved", words.TRANSACTIONS),
    "amount": ("Amount", "money"),
    "date": ("The saver's day", "text"),
    "occurred_at": ("Happened", "instant"),
    "recorded_at": ("Recorded", "instant"),
    "balance_after": ("Balance after", "money"),
    "jar_id": ("Jar", "id"),
    "tenure_months": ("Months", "text"),
    "rate": ("Interest a year", "percent"),
    "apr": ("APR", "percent"),
    "fee": ("Fee, withheld", "money"),
    "instalment": ("Instalment", "money"),
    "statement_version": ("Key fact statement", "id"),
    "offered_at": ("Offered", "instant"),
    "expires_at": ("Offer until", "instant"),
    "accepted_at": ("Accepted", "instant"),
    "ended_at": ("Ended", "instant"),
    "cancel_reason": ("Ended because", words.CANCELLED),
}
#: Not facts of their own: a list of points in the order of the rule, and what was measured, which is a table.
APART: Final = frozenset({"points", "features"})


def facts_then(shown: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Label, how it is drawn, and value of each fact; a word is said already, an instant is one again."""
    found: list[tuple[str, str, Any]] = []
    for name in (*(name for name in FACTS if name in shown), *(name for name in shown if name not in FACTS)):
        if name in APART:
            continue
        value = shown[name]
        label, drawn = FACTS.get(name, (first_large(name.replace("_", " ")), "text"))
        if value is None:
            found.append((label, "text", "–"))
        elif isinstance(drawn, Mapping):
            found.append((label, "text", said(value, drawn)))
        else:
            found.append((label, drawn, datetime.fromisoformat(value) if drawn == "instant" else value))
    return found
