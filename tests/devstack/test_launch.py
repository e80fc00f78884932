from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.errors import StackError
from devstack.launch import environment, web_port
from devstack.migrate import heads
from devstack.ports import FIRST, LAST, Ports

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_named_with_what_to_do(taken: int) -> None:
    with pytest.raises(StackError, match=rf"Port {taken} is in use .* PORT=9000 make run"):
        web_port({"PORT": str(taken)})


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80 "])
def test_a_port_that_is_none(text: str) -> None:
    with pytest.raises(StackError, match="is not a port"):
        web_port({"PORT": text})


def test_without_port_the_next_free_one(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devstack.launch.FIRST_PORT", taken)
    assert taken < web_port({}) < taken + 100


def test_a_taken_port_ends_the_command_with_a_sentence(taken: int, tmp_path: Path) -> None:
    environ = {**os.environ, "PORT": str(taken), "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-m", "devstack", "run"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith(f"Port {taken} is in use")
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / ".local" / "postgres").exists()


def test_exec_without_a_start_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devstack", "exec", "flask", "shell"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr.strip()) == (1, "Nothing was started here yet: `make run` first.")


def test_the_environment_wins_over_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("REDIS_URL=redis://file/0\nMAX_JARS=3\nS3_BUCKET=\n")
    monkeypatch.setenv("REDIS_URL", "redis://environment/0")
    monkeypatch.delenv("S3_BUCKET", raising=False)
    found = environment(tmp_path)
    assert (found["REDIS_URL"], found["MAX_JARS"]) == ("redis://environment/0", "3")
    assert "S3_BUCKET" not in found


def test_ports_stay_while_they_are_free(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = Ports(file)
    first.assign(["a", "b"])
    assert FIRST <= first["a"] <= LAST
    assert first["a"] != first["b"]
    again = Ports(file)
    again.assign(["a", "b"])
    assert (again["a"], again["b"]) == (first["a"], first["b"])
    with socket.create_server(("127.0.0.1", first["a"])):
        third = Ports(file)
        third.assign(["a", "b"])
        assert third["a"] not in {first["a"], first["b"]}
        assert third["b"] == first["b"]


def test_the_head_of_the_migrations(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('revision = "a1"\ndown_revision = None\n')
    (tmp_path / "two.py").write_text("revision: str = 'b2'\ndown_revision: str | None = 'a1'\n")
    assert heads(tmp_path) == {"b2"}
    (tmp_path / "branch.py").write_text('revision = "c3"\ndown_revision = "a1"\n')
    assert heads(tmp_path) == {"b2", "c3"}
    (tmp_path / "merge.py").write_text('revision = "d4"\ndown_revision = ("b2", "c3")\n')
    assert heads(tmp_path) == {"d4"}
    assert heads(tmp_path / "nowhere") == set()
