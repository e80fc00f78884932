from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import DomainError
from app.services.ops.imports.known import DATA_SETS, find
from app.services.ops.imports.mapping import SHIPPED
from tests.services.ops.imports.conftest import AKIBA, BERKA, DATA


def test_a_folder_is_recognised_by_its_files(tmp_path: Path) -> None:
    for name in ("trans_b.asc", "trans_a.asc.gz", "account.asc.gz", "notes.csv"):
        (tmp_path / name).write_text("")
    (found,) = find(tmp_path)
    assert (found.data_set.mapping, [path.name for path in found.files]) == ("berka", ["trans_a.asc.gz", "trans_b.asc"])


def test_the_folders_below_are_looked_into() -> None:
    assert [(each.data_set.mapping, each.files) for each in find(DATA)] == [("akiba", (AKIBA,)), ("berka", (BERKA,))]


def test_every_known_set_has_a_mapping() -> None:
    assert all((SHIPPED / f"{each.mapping}.toml").is_file() for each in DATA_SETS)


def test_a_folder_without_any_says_what_is_known(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "nothing_known"), (tmp_path / "none", "folder_unreadable")):
        with pytest.raises(DomainError) as refusal:
            find(path)
        assert refusal.value.code == code
