"""Write a generated savings history as CSV: `python -m bench.generate_history 1000000 history.csv`.

The same numbers give the same file. Columns: account, time, type, amount, balance. Rows are in the order of time; a
few per ten thousand cannot be booked (below zero, zero, unreadable), as in real files.
"""

from __future__ import annotations

import argparse
import gzip
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

HEADER = "account,time,type,amount,balance"
MAPPING = """\
# Mapping of the files that bench/generate_history.py writes.
name = "generated"
currency = "INR"

[columns]
account = "account"
time = "time"
amount = "amount"
balance = "balance"

[time]
formats = ["%Y-%m-%d %H:%M:%S"]
zone = "Asia/Kolkata"

[[types]]
type = "deposit"
when = { type = "deposit" }

[[types]]
type = "withdraw"
when = { type = "withdraw" }

[[types]]
type = "interest"
when = { type = "interest" }

[jar]
plan = "daily"
"""


def lines(movements: int, accounts: int, seed: int) -> Iterator[str]:
    """The rows, without the header: ``movements`` of them over ``accounts`` accounts in one year."""
    draw = random.Random(seed)
    balances = [0] * accounts
    step = timedelta(days=365) / max(movements, 1)
    at = datetime(2025, 1, 1)
    for _ in range(movements):
        at += step
        who = draw.randrange(accounts)
        chance = draw.random()
        if chance < 0.0002:
            yield f"A{who:06d},not a time,deposit,10.00,"
            continue
        if chance < 0.0004:
            yield f"A{who:06d},{at:%Y-%m-%d %H:%M:%S},deposit,0.00,{balances[who] / 100:.2f}"
            continue
        if chance < 0.0006:
            kind, amount = "withdraw", balances[who] + 100
            yield f"A{who:06d},{at:%Y-%m-%d %H:%M:%S},{kind},{amount / 100:.2f},-1.00"
            continue
        kind, amount = "deposit", draw.randrange(1, 40) * 500
        if chance > 0.98:
            kind, amount = "interest", draw.randrange(1, 5000)
        elif chance > 0.85 and balances[who] > 1000:
            kind, amount = "withdraw", draw.randrange(1, balances[who] // 100) * 100
        balances[who] += -amount if kind == "withdraw" else amount
        yield f"A{who:06d},{at:%Y-%m-%d %H:%M:%S},{kind},{amount / 100:.2f},{balances[who] / 100:.2f}"


def write(path: Path, movements: int, *, accounts: int, seed: int) -> None:
    """Write the history to ``path`` (gzip where it ends in .gz)."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:  # type: ignore[operator]
        file.write(HEADER + "\n")
        file.writelines(line + "\n" for line in lines(movements, accounts, seed))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Write a generated savings history as CSV, and its mapping beside it.")
    parser.add_argument("movements", type=int)
    parser.add_argument("path", type=Path)
    parser.add_argument("--accounts", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    write(arguments.path, arguments.movements, accounts=arguments.accounts, seed=arguments.seed)
    mapping = arguments.path.with_name("generated.toml")
    mapping.write_text(MAPPING, encoding="utf-8")
    print(f"{arguments.path}: {arguments.movements:,} movements of {arguments.accounts:,} accounts; mapping: {mapping}")
    print(f"flask import history {arguments.path} --mapping {mapping}")


if __name__ == "__main__":
    main()
