"""Who earned a badge before there was one gets it afterwards, once, and is not told of the past."""

from __future__ import annotations

import pytest
from flask import Flask

from app.services.ops import badge_awards
from app.services.ops.badge_awards import award_missing
from app.transactions import fetch, queue, run
from tests import factories


def badges(saver: factories.Saver) -> list[tuple[str, str]]:
    rows = run(
        lambda: fetch("SELECT badge_type, transaction_id FROM badges WHERE user_id = %s ORDER BY 1, 2", (saver.id,))
    )
    return [(code, str(cause)) for code, cause in rows]


def test_badges_of_earlier_days_are_awarded_to_the_movement_that_earned_them(
    app: Flask, context: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    savers = [factories.make_saver(app) for _ in range(3)]
    for saver in savers:
        jar = saver.jar(target_amount="100")
        saver.deposit(jar, "60")
        saver.deposit(saver.jar(), "5")
    held = [badges(saver) for saver in savers]
    assert {code for code, _ in held[0]} == {"first_deposit", "halfway", "second_pot"}
    told = run(lambda: fetch("SELECT count(*) FROM notifications"))
    run(lambda: queue("DELETE FROM badges WHERE badge_type <> 'first_deposit'"))
    monkeypatch.setattr(badge_awards, "CHUNK", 2)
    steps: list[int] = []
    assert award_missing(steps.append) >= 3
    assert steps == sorted(steps)
    assert len(steps) >= 2
    assert [badges(saver) for saver in savers] == held
    award_missing()
    assert [badges(saver) for saver in savers] == held
    assert run(lambda: fetch("SELECT count(*) FROM notifications")) == told
