"""What `flask doctor` finds about one part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was found about ``part``. ``remedy`` says what to do about a note or a problem."""

    part: str
    state: State
    says: str
    remedy: str | None = None
