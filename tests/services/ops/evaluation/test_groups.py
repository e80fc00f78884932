from __future__ import annotations

from pathlib import Path

from app.services.ops.evaluation.groups import groups_of
from app.services.ops.evaluation.settings import settings_of
from app.services.ops.imports.mapping import read_toml


def test_who_the_savers_are_by_the_tables_beside(tmp_path: Path) -> None:
    (tmp_path / "disp.asc").write_text(
        '"disp_id";"client_id";"account_id";"type"\n1;11;1;"OWNER"\n2;12;1;"DISPONENT"\n3;13;2;"OWNER"\n4;14;3;"OWNER"\n'
    )
    (tmp_path / "client.asc").write_text(
        '"client_id";"birth_number";"district_id"\n11;"706213";18\n12;"450204";1\n13;"450204";1\n14;"";1\n'
    )
    (tmp_path / "account.asc").write_text(
        '"account_id";"district_id";"frequency";"date"\n1;1;"x";930101\n2;7;"x";930101\n'
    )
    _, groupings = settings_of(read_toml("berka"))
    found = groups_of(groupings, tmp_path, encoding="utf-8", delimiter=";")
    assert found == {
        "sex": {"1": "women", "2": "men"},
        "born": {"1": "1970s", "2": "1940s"},
        "district": {"1": "Prague", "2": "elsewhere"},
    }


def test_without_the_tables_nothing_is_known(tmp_path: Path) -> None:
    _, groupings = settings_of(read_toml("berka"))
    assert groups_of(groupings, tmp_path, encoding="utf-8", delimiter=";") == {}
