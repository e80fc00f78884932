"""Policies of the credit-builder loan: versioned data under ``policies/``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "policies"
CURRENT: Final = "loan-1"
#: By law a saver may think again for so long, whatever a policy says.
LEAST_COOLING_OFF: Final = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of product and rules. Money in minor units; rates and shares of money in hundredths of a percent.

    The names are those of the file, which says what each is.
    """

    version: str
    product: str
    least: int
    most: int
    step: int
    tenures: tuple[int, ...]
    rate: int
    fee: int
    offer_days: int
    cooling_off_days: int
    on_time_days: int
    missed_after_days: int
    late_charge: int
    late_charge_most: int
    default_after_days: int
    tell_before_days: int
    tell_overdue_days: tuple[int, ...]
    history_days: int
    score: int
    on_time_rate: Decimal
    decision_days: int
    deposits_days: int
    affordable_share: Decimal

    def fee_of(self, amount: int) -> int:
        """The fee of a loan of ``amount`` minor units, rounded half up."""
        return (amount * self.fee + 5_000) // 10_000

    def charge_of(self, instalment: int) -> int:
        """The late charge of an instalment of so many minor units, rounded down."""
        return min(self.late_charge, instalment * self.late_charge_most // 10_000)


@cache
def policy(version: str = CURRENT) -> Policy:
    """The policy of that name. Raises ValueError where there is none, or where it gives no time to think again."""
    path = FOLDER / f"{version}.toml"
    if path.parent != FOLDER or not path.is_file():
        raise ValueError(f"there is no policy {version!r}")
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    flat = {name: value for name, value in data.items() if not isinstance(value, dict)}
    for part in ("amounts", "terms", "eligibility"):
        flat |= data[part]
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in flat.items()}
    found = Policy(**values)
    if found.cooling_off_days < LEAST_COOLING_OFF:
        raise ValueError(f"{version} has fewer than {LEAST_COOLING_OFF} days to think again")
    return found
