"""What docs/privacy.md says of each table is what the code does with it."""

from __future__ import annotations

from app.services.ops.privacy.holding import Holding, Section
from app.services.ops.privacy.holdings import HOLDINGS
from tests.conftest import ROOT


def line(holding: Holding) -> str:
    shown = f"`{holding.export.name}`" if isinstance(holding.export, Section) else f"no: {holding.export}"
    erasure = f"{'partly stays' if holding.erased else 'stays'}: {holding.stays}" if holding.stays else "deleted"
    kept = "no period" if holding.kept is None else f"{period(holding)} {holding.counted}"
    return f"| `{holding.table}` | {holding.about} | {shown} | {erasure} | {kept} |"


def period(holding: Holding) -> str:
    assert holding.kept is not None
    days = holding.kept.days
    return f"{days // 365} years" if days % 365 == 0 else f"{days} days"


def test_every_table_stands_there_as_it_is() -> None:
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    missing = [line(one) for one in HOLDINGS.values() if line(one) not in text.splitlines()]
    assert missing == [], "\n".join(missing)
