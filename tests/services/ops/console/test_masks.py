from __future__ import annotations

import pytest

from app.services.ops.console import masks
from app.services.ops.console.listing import just_after


@pytest.mark.parametrize(
    ("name", "masked"),
    [("Asha Devi", "A••• D•••"), ("सुनीता शर्मा", "सु••• श•••"), ("Li", "L•••"), ("", "•••"), ("O'Brien", "O•••")],
)
def test_names(name: str, masked: str) -> None:
    assert masks.name(name) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [("asha@example.com", "a•••@example.com"), ("a@b.in", "a•••@b.in"), ("gone", "•••"), ("", "•••")],
)
def test_addresses(address: str, masked: str) -> None:
    assert masks.email(address) == masked


def test_numbers() -> None:
    assert masks.phone("+919876543210") == "+91 ••• 210"
    assert masks.phone(None) is None


@pytest.mark.parametrize("prefix", ["a", "asha", "z", "ashaz", "\ud7ff", "a\U0010ffff", "श"])
def test_what_begins_alike_ends_just_before(prefix: str) -> None:
    end = just_after(prefix)
    assert prefix < end
    assert f"{prefix}\U0010ffff\U0010ffff" < end
    end.encode()
