"""What one section of an account's page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.blueprints.access import ALLOWED, Role


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page of one account. ``name`` is its anchor, ``template`` draws what ``load`` finds as ``found``.

    ``load`` runs in the page's transaction, for whoever has ``role``; what it finds is masked.
    """

    name: str
    title: str
    template: str
    load: Callable[[UUID], Any]
    role: Role = "support"

    def is_for(self, role: str) -> bool:
        """Whether a member of staff with that role sees it."""
        return role in ALLOWED[self.role]
