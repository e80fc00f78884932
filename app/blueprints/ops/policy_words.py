"""How the console says what stands in a policy: what each value means, and in what it is measured."""

from __future__ import annotations

from typing import Any, Final

from app import money

#: Name, what it means, and its unit: money (minor units), rate (hundredths of a percent), share (of one), days, months,
#: a plain number, or words.
LOANS: Final = (
    ("product", "What it is", "words"),
    ("least", "Smallest loan", "money"),
    ("most", "Largest loan", "money"),
    ("step", "Offers are rounded down to", "money"),
    ("tenures", "Tenures", "months"),
    ("rate", "Interest a year, on the reducing balance", "rate"),
    ("fee", "Fee, withheld from the locked money", "rate"),
    ("offer_days", "An offer can be accepted for", "days"),
    ("cooling_off_days", "Cooling-off: cancelled without a cost within", "days"),
    ("on_time_days", "Paid so long after the due day is still on time", "days"),
    ("missed_after_days", "Paid later than this counts as missed", "days"),
    ("late_charge", "Late charge, once for each instalment", "money"),
    ("late_charge_most", "The charge is never more than this part of the instalment", "rate"),
    ("default_after_days", "Ends in default after so long in arrears", "days"),
    ("tell_before_days", "Savers hear of an instalment ahead by", "days"),
    ("tell_overdue_days", "Savers hear of one that is open, after the due day", "days"),
    ("history_days", "To be eligible: since the first deposit", "days"),
    ("score", "To be eligible: a score of", "number"),
    ("on_time_rate", "To be eligible: of the last twelve periods on time", "share"),
    ("decision_days", "A decision holds for", "days"),
    ("deposits_days", "Deposits are averaged over", "days"),
    ("affordable_share", "One instalment is at most this part of a month's deposits", "share"),
)
SCORE: Final = (
    ("base", "The score begins at", "number"),
    ("scored_from", "Closed periods before there is a score", "number"),
    ("settled_from", "Closed periods before it is no longer provisional", "number"),
    ("even", "Score of even odds that the next deposit is on time, while no model serves", "number"),
    ("doubles", "So many points more double the odds", "number"),
)
WEIGHTS: Final = {
    "punctuality": "On time, of the last twelve periods",
    "habit": "On time all along, the newest counting most",
    "tenure": "Periods kept on time, in all",
    "repayment": "Instalments of loans on time",
    "streak": "The present streak",
    "recency": "How lately a period was kept",
    "fulfilment": "How much of what was planned came in, of the last twelve",
    "kept": "How little was taken out, of the last twelve",
}
FULL: Final = {
    "tenure": "All points of “periods kept” at",
    "streak": "All points of “the present streak” at",
    "recency": "No points of “how lately” after so many periods without one",
}


def valued(value: Any, unit: str) -> str:
    """The value with its unit."""
    if isinstance(value, (tuple, list)):
        return f"{', '.join(str(one) for one in value)} {unit}"
    if unit == "money":
        return money.format_rupees(value)
    if unit == "rate":
        return f"{value / 100:g} %"
    if unit == "share":
        return f"{float(value):.0%}"
    if unit in {"days", "months"}:
        return f"{value} {unit}"
    return str(value).replace("_", " ")
