"""The examples that staff see templates with: all kinds, told as the notices are, and of nobody."""

from __future__ import annotations

from app.services.notifications import examples
from app.services.notifications.kinds import KINDS
from tests.services.notifications.test_words import VARIANTS


def test_every_kind_has_examples_of_what_it_can_be_told_of() -> None:
    assert set(examples.NOTICES) == set(KINDS)
    for kind, occasions in examples.NOTICES.items():
        known = {name for facts in VARIANTS[kind] for name in facts}
        for occasion, facts in occasions.items():
            assert set(facts) <= known, (kind, occasion)
        events = {facts["event"] for facts in VARIANTS[kind] if "event" in facts}
        assert events == {facts["event"] for facts in occasions.values() if "event" in facts}, kind
