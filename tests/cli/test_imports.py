from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from app.cli import imports
from app.services.ops.imports.rows import SENTENCES
from tests.cli.conftest import Invoke, command_of
from tests.conftest import ROOT
from tests.services.ops.imports.conftest import AKIBA, BERKA, DATA

HISTORY = ["import", "history"]
COLUMNS = ["--account", "who", "--time", "when", "--amount", "sum", "--date-format", "%d/%m/%Y"]


@pytest.fixture
def name() -> str:
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    path = tmp_path / "My savings 2025.csv"
    path.write_text("who;when;sum\n1;01/03/2025;50\n1;02/03/2025;-20\n2;02/03/2025;-1\n2;31/02/2025;1\n")
    return path


def test_a_file_of_ones_own_by_options(flask: Invoke, own_file: Path, tmp_path: Path, name: str) -> None:
    refused = tmp_path / "refused.csv"
    arguments = [*HISTORY, str(own_file), *COLUMNS, "--delimiter", ";", "--name", name, "--plan", "weekly"]
    result = flask(*arguments, "--report", str(refused))
    assert result.exit_code == 0, result.output
    assert "4 rows: 2 booked, 2 refused. 2 accounts are savers with a jar now." in result.output
    assert "₹50" in result.output
    assert "booked in INR figure for figure" not in result.output
    with refused.open(newline="") as file:
        assert [row["code"] for row in csv.DictReader(file)] == ["insufficient_funds", "unreadable_date"]
    again = flask(*arguments, "--report", str(refused))
    assert again.exit_code == 0
    assert "imported before; nothing was changed" in again.output
    assert "4 rows: 2 booked, 2 refused." in again.output


def test_options_go_before_the_mapping(flask: Invoke, tmp_path: Path, name: str) -> None:
    result = flask(
        *HISTORY, str(BERKA), "--mapping", "berka", "--name", name, "--plan", "weekly", "--same-day", "as_filed",
        "--report", str(tmp_path / "r.csv"),
    )  # fmt: skip
    # In the order of the file the withdrawal above its deposit is refused too. Addresses are the mapping's own.
    assert result.exit_code == 0, result.output
    assert "119 rows: 117 booked, 2 refused." in result.output
    assert "Amounts in CZK were booked in INR figure for figure: nothing is converted." in result.output
    assert (tmp_path / f"{name}-balances.csv").read_text().startswith("account,balance_in_file")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.csv", "--mapping", "akiba"], "cannot be read: No such file"),
        ([str(AKIBA), "--mapping", "berka"], "has no column 'account_id'"),
        ([str(AKIBA), "--mapping", "none.toml"], "none.toml cannot be read"),
        ([str(AKIBA), "--mapping", str(AKIBA)], "is not TOML"),
        ([str(AKIBA), "--mapping", "akiba", "--zone", "Mars/Base"], "Mars/Base is not a time zone"),
        ([str(AKIBA), "--mapping", "akiba", "--encoding", "klingon"], "klingon is not an encoding"),
        ([str(AKIBA), "--mapping", "akiba", "--encoding", "utf-16"], "is not in the encoding"),
        ([str(AKIBA), "--mapping", "akiba", "--currency", "BTC"], "BTC is not a currency"),
        ([str(AKIBA)], "columns: Missing data"),
        ([str(AKIBA), "--mapping", "akiba", "--password", "short"], "Use 10 to 128 characters"),
        ([str(DATA), "--mapping", "akiba"], "Is a directory"),
    ],
)
def test_what_goes_wrong_is_one_sentence(flask: Invoke, arguments: list[str], words: str) -> None:
    result = flask(*HISTORY, *arguments)
    assert result.exit_code == 1
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_shared_password_is_refused_in_production(production: Invoke) -> None:
    for arguments in (
        [*HISTORY, str(AKIBA), "--mapping", "akiba", "--password", "rain on a tin roof"],
        ["demo", "real", "--from", str(DATA)],
    ):
        result = production(*arguments)
        assert result.exit_code == 1
        assert "production" in result.output


def test_demo_real_imports_what_it_knows_and_says_how_to_sign_in(
    new_app: Callable[..., Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "REPORTS", tmp_path)
    app: Flask = new_app()
    flask = command_of(app)
    result = flask("demo", "real", "--from", str(DATA))
    assert result.exit_code == 0, result.output
    assert "203 rows: 201 booked, 2 refused. 6 accounts" in result.output
    assert "119 rows: 118 booked, 1 refused. 8 accounts" in result.output
    assert {path.name for path in tmp_path.iterdir()} == {
        "akiba-refused.csv",
        "berka-refused.csv",
        "berka-balances.csv",
    }
    for data_set in ("akiba", "berka"):
        email = next(word for word in result.output.split() if word.startswith(f"{data_set}-") and "@" in word)
        answer = app.test_client().post("/api/login/", json={"email": email, "password": imports.DEMO_PASSWORD})
        assert answer.status_code == 200, answer.json
    again = flask("demo", "real", "--from", str(DATA))
    assert again.output.count("nothing was changed") == 2
    assert f"with the password: {imports.DEMO_PASSWORD}" in again.output
    other = flask("demo", "real", "--from", str(DATA / "akiba"), "--password", "rain on a tin roof")
    assert "imported with another password, or none" in other.output


def test_demo_real_of_an_empty_folder(flask: Invoke, tmp_path: Path) -> None:
    result = flask("demo", "real", "--from", str(tmp_path))
    assert result.exit_code == 1
    assert "holds none of the data sets" in result.output


def test_the_worked_example_of_the_manual(flask: Invoke, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    (tmp_path / "payments.csv").write_text(next(block for block in blocks if block.startswith("member;")))
    (tmp_path / "payments.toml").write_text(next(block for block in blocks if block.startswith("name =")))
    shown = next(block for block in blocks if block.startswith("$ flask import"))
    result = flask(
        *HISTORY, str(tmp_path / "payments.csv"), "--mapping", str(tmp_path / "payments.toml"),
        "--report", str(tmp_path / "payments-refused.csv"),
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.output.replace(f"{tmp_path}/", ".local/imports/") == shown.partition("\n")[2]


def test_the_manual_names_every_option_and_every_code() -> None:
    text = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    options = [name for parameter in imports.history.params for name in parameter.opts if name.startswith("--")]
    assert [name for name in [*options, *(f"`{code}`" for code in SENTENCES)] if name not in text] == []
