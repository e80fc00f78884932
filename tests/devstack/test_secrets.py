from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from devstack import secrets
from devstack.errors import StackError


def test_generated_once_for_the_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    before = os.umask(0)
    try:
        made = secrets.load(file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secrets.load(file) == made
    assert len(set(made.values())) == len(made)
    assert min(len(value) for value in made.values()) >= 19


def test_a_secret_that_a_newer_version_needs_is_added(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    made = secrets.load(file)
    file.write_text(json.dumps({name: value for name, value in made.items() if name != "redis"}))
    file.chmod(0o644)
    again = secrets.load(file)
    assert again["redis"] != made["redis"]
    assert {**again, "redis": ""} == {**made, "redis": ""}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_keys_of_push_are_one_pair_and_are_made_together(tmp_path: Path) -> None:
    from app.integrations.web_push import belong_together

    file = tmp_path / "secrets.json"
    made = secrets.load(file)
    assert belong_together(made["vapid_private_key"], made["vapid_public_key"])
    file.write_text(json.dumps({name: value for name, value in made.items() if name != "vapid_public_key"}))
    again = secrets.load(file)
    assert again["vapid_private_key"] != made["vapid_private_key"]
    assert belong_together(again["vapid_private_key"], again["vapid_public_key"])


def test_a_damaged_file_is_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("{")
    with pytest.raises(StackError, match="is damaged"):
        secrets.load(file)
    assert file.read_text() == "{"


def test_passwords_for_people_are_readable() -> None:
    for _ in range(50):
        groups = secrets._readable().split("-")
        assert [len(group) for group in groups] == [4, 4, 4, 4]
        assert not set("".join(groups)) & set("0o1il")
