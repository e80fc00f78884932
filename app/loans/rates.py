"""The annual percentage rate: twelve times the monthly rate at which the payments are worth what was received."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache
from typing import Final

_DIGITS: Final = 40
#: Hundredths of a percent a year are told apart by far: twelve times this is a millionth of one.
_CLOSE: Final = Decimal("1e-12")


def apr(received: int, payments: Sequence[int]) -> int:
    """In hundredths of a percent, rounded half up: 17.07 % is 1707.

    ``received`` now, ``payments`` after one month, two, and so on; minor units, none below zero. Worth falls as the
    rate rises, so there is one answer, and halving an interval finds it whatever the numbers are. Raises ValueError
    where nothing is received, or less is paid than that.
    """
    return _apr(received, tuple(payments))


@lru_cache(maxsize=1024)
def _apr(received: int, payments: tuple[int, ...]) -> int:
    if received <= 0 or any(payment < 0 for payment in payments) or sum(payments) < received:
        raise ValueError("a rate needs something received, and at least as much paid")
    if sum(payments) == received:
        return 0
    with localcontext() as context:
        context.prec = _DIGITS
        low, high = Decimal(0), Decimal(1)
        while _worth(payments, high) > received:
            low, high = high, high * 2
        while high - low > _CLOSE:
            middle = (low + high) / 2
            if _worth(payments, middle) > received:
                low = middle
            else:
                high = middle
        return int((high * 120_000).quantize(Decimal(1), ROUND_HALF_UP))


def _worth(payments: Sequence[int], rate: Decimal) -> Decimal:
    factor, worth = 1 / (1 + rate), Decimal(0)
    for payment in reversed(payments):
        worth = (worth + payment) * factor
    return worth
