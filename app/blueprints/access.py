"""Who may do what: one rule for the API, the pages and the console."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from app.services.identity.principal import Principal

Role = Literal["saver", "support", "admin"]
#: What stands between a person and what they ask for.
Obstacle = Literal["role", "two_factor", "fresh"]
# Who may do what asks for the role on the left.
ALLOWED: dict[str, frozenset[str]] = {
    "saver": frozenset({"saver", "support", "admin"}),
    "support": frozenset({"support", "admin"}),
    "admin": frozenset({"admin"}),
}
STAFF = frozenset({"support", "admin"})


def obstacle(
    person: Principal, level: str, *, two_factor: bool, fresh_within: timedelta | None = None
) -> Obstacle | None:
    """What stands before the person, who asks for what ``level`` may do; None where nothing does.

    The role is the database's of this very request. ``two_factor``: it takes a second factor. ``fresh_within``: the
    person must have shown within that time who they are.
    """
    if person.role not in ALLOWED[level]:
        return "role"
    if two_factor and not person.two_factor:
        return "two_factor"
    if fresh_within is not None and not person.is_fresh(fresh_within):
        return "fresh"
    return None


def declared(view: Any) -> str | None:
    """The access that a view declares, or None."""
    level: str | None = getattr(view, "access", None)
    return level
