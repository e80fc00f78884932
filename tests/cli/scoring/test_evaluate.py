from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from app.cli.scoring import evaluate
from app.services.ops.evaluation.document import BEGIN, END
from tests.cli.conftest import Invoke
from tests.services.ops.evaluation.histories import written

MAPPING = """
name = "{name}"
currency = "KES"
[columns]
account = "member"
time = "day"
amount = "sum"
[time]
formats = ["%Y-%m-%d"]
zone = "Africa/Nairobi"
"""
COMMAND = ["scoring", "evaluate"]


@pytest.fixture
def history(tmp_path: Path) -> tuple[Path, Path, str]:
    name = f"t{uuid4().hex[:12]}"
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING.format(name=name))
    return written(tmp_path, savers=60, weeks=12), mapping, name


def test_a_file_with_nothing_but_its_columns_and_again_by_its_name(
    flask: Invoke, history: tuple[Path, Path, str], tmp_path: Path
) -> None:
    file, mapping, name = history
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    result = flask(*COMMAND, str(file), "--mapping", str(mapping), "--quick", "--write", str(first))
    assert result.exit_code == 0, result.output
    assert f"| {name}, own |" in result.output
    assert str(first) in result.output
    text = first.read_text()
    assert "    flask scoring evaluate weekly.csv --mapping mapping.toml --quick\n" in text
    assert str(tmp_path) not in text
    result = flask(*COMMAND, name, "--quick", "--write", str(second))
    assert result.exit_code == 0, result.output
    assert second.read_text().partition("### ")[2] == text.partition("### ")[2]


def test_tables_go_between_the_marks_and_words_beside_them_stay(
    flask: Invoke, history: tuple[Path, Path, str], tmp_path: Path
) -> None:
    file, mapping, _ = history
    document = tmp_path / "scoring.md"
    document.write_text(f"# Words\n\n{BEGIN}\nold\n{END}\n\nMore words.\n")
    arguments = [
        *COMMAND,
        str(file),
        "--mapping",
        str(mapping),
        "--quick",
        "--plan",
        "weekly",
        "--write",
        str(document),
    ]
    assert flask(*arguments).exit_code == 0
    text = document.read_text()
    assert text.startswith("# Words\n\n")
    assert text.endswith("\n\nMore words.\n")
    assert "old" not in text
    assert flask(*arguments).exit_code == 0
    assert document.read_text() == text
    document.write_text("# Something else\n")
    result = flask(*arguments)
    assert result.exit_code == 1
    assert "has no place for the tables" in result.output
    assert document.read_text() == "# Something else\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Name files with a --mapping"),
        (["never-imported"], "No history of the name 'never-imported'"),
        ([__file__], "Say with --mapping"),
        (["x", "--plan", "yearly"], "yearly"),
        (["x", "--split", "soon"], "is no day"),
        (["x", "--split", "2024-05-01", "--folds", "5"], "a split by time, or folds"),
        (["--from", "none"], "none cannot be read"),
    ],
)
def test_what_goes_wrong_is_one_sentence(flask: Invoke, arguments: list[str], words: str) -> None:
    result = flask(*COMMAND, *arguments)
    assert result.exit_code in {1, 2}
    assert words in result.output
    assert "Traceback" not in result.output


def test_production_takes_nothing_in_for_it(production: Invoke, history: tuple[Path, Path, str]) -> None:
    file, mapping, _ = history
    result = production(*COMMAND, str(file), "--mapping", str(mapping))
    assert result.exit_code == 1
    assert "does not belong into production" in result.output


def test_the_shipped_document_has_its_marks() -> None:
    text = evaluate.DOCUMENT.read_text()
    assert text.index(BEGIN) < text.index(END)
    assert "    flask scoring evaluate --from FOLDER\n" in text
