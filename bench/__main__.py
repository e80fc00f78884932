"""`make bench`: every scenario, or the ones named."""

from __future__ import annotations

import argparse
import sys

from bench import boards, closing, console, dashboard, deposits, scores

SCENARIOS = {
    "deposits": deposits.main,
    "boards": boards.main,
    "closing": closing.main,
    "scores": scores.main,
    "dashboard": dashboard.main,
    "console": console.main,
}


def main(argv: list[str]) -> int:
    """The exit code: 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS], help="default: all")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of one round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each side, in turn; medians are quoted")
    options = parser.parse_args(argv)
    missed = [name for name in options.scenario or SCENARIOS if not SCENARIOS[name](options.seconds, options.rounds)]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
