"""What is said of a decision: each check, and what to do next. Sentences, which the edges say in any language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app

from app import money
from app.loans.eligibility import Check
from app.sentences import Sentence

#: Checks that are about amounts of money.
OF_MONEY = frozenset({"arrears", "affordability"})


def text(check: Check) -> Sentence:
    """What was looked at, and what was found."""
    actual, required = _shown(check, check.actual), _shown(check, check.required)
    if check.code == "identity":
        if check.passed:
            return Sentence("Your identity is verified.")
        if check.actual == "pending":
            return Sentence("Your paper is being looked at.")
        return Sentence("Your identity is not verified yet.")
    if check.code == "account":
        return Sentence("Your account is open.") if check.passed else Sentence("Your account is suspended.")
    if check.code == "paused_jars":
        if check.passed:
            return Sentence("No jar is paused.")
        return Sentence("Jars that are paused: %(actual)s.", actual=actual)
    if check.code == "history_days":
        return Sentence(
            "Days since your first deposit: %(actual)s; %(required)s are needed.", actual=actual, required=required
        )
    if check.code == "score":
        if check.actual is None:
            return Sentence("There is no score yet; %(required)s is needed.", required=required)
        return Sentence("Your score is %(actual)s; %(required)s is needed.", actual=actual, required=required)
    if check.code == "on_time_rate":
        if check.actual is None:
            return Sentence("No deposit has been due yet.")
        return Sentence(
            "%(actual)s%% of the last deposits were on time; %(required)s%% are needed.",
            actual=_percent(check.actual),
            required=_percent(check.required),
        )
    if check.code == "open_loans":
        return Sentence("You have no other loan.") if check.passed else Sentence("You have a loan already.")
    if check.code == "arrears":
        return Sentence("Nothing is overdue.") if check.passed else Sentence("%(actual)s is overdue.", actual=actual)
    if check.code == "defaults":
        return Sentence("No loan has gone unpaid.") if check.passed else Sentence("An earlier loan was not paid back.")
    return Sentence(
        "From what you put aside, an instalment of up to %(actual)s a month is affordable; %(required)s is needed.",
        actual=actual,
        required=required,
    )


def next_steps(checks: Iterable[Check]) -> list[Sentence]:
    """What to do about each check that did not pass; where all did, how to go on."""
    steps = [step(check) for check in checks if not check.passed]
    return steps or [Sentence("Choose an amount and a time, and read what it costs before you agree to anything.")]


def step(check: Check) -> Sentence:
    """What to do about a check that did not pass."""
    if check.code == "identity":
        if check.actual == "pending":
            return Sentence("A person looks at your paper; you are told when it is done.")
        return Sentence("Verify who you are with one paper; it takes a few minutes.")
    if check.code == "account":
        return Sentence("Write to us about your account.")
    if check.code == "paused_jars":
        return Sentence("Let your jars go on again when it suits you, then look here anew.")
    if check.code == "history_days":
        return Sentence("Go on saving; days still needed: %(days)s.", days=check.required - check.actual)
    if check.code == "score":
        return Sentence("Keep your plan: your score page says what helps most.")
    if check.code == "on_time_rate":
        return Sentence("Make your next deposits by their day.")
    if check.code == "open_loans":
        return Sentence("Pay the present loan back first.")
    if check.code == "arrears":
        return Sentence("Pay what is overdue; if that is hard just now, write to us.")
    if check.code == "defaults":
        return Sentence("Write to us, and we will look at it together.")
    return Sentence("Put a little more aside each month, or take less out.")


def as_json(check: Check) -> Any:
    """``actual`` and ``required`` as a client reads them: money as a decimal string."""
    if check.code in OF_MONEY:
        return money.to_decimal_string(check.actual), money.to_decimal_string(check.required)
    return check.actual, check.required


def said(check: Check) -> dict[str, Any]:
    """A check with its words."""
    actual, required = as_json(check)
    return {
        "code": check.code,
        "passed": check.passed,
        "actual": actual,
        "required": required,
        "text": text(check),
    }


def _shown(check: Check, value: Any) -> Any:
    if check.code in OF_MONEY:
        return money.format_rupees(value, currency=current_app.config["CURRENCY"])
    return value


def _percent(share: float) -> int:
    return int(share * 100)
