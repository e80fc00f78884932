from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FOLLOWING = """
from pathlib import Path
from devstack.reload import supervise
from devstack.supervisor import StopRequested, Supervisor, stop_signals

with stop_signals():
    try:
        supervise(Supervisor(), {}, Path.cwd())
    except StopRequested:
        print("asked to stop")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_where_it_is_asked_to(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(
        [sys.executable, "-u", "-c", FOLLOWING], cwd=tmp_path, env=environ, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as following:  # fmt: skip
        assert following.stdout is not None
        assert following.stdout.readline() == "Saved changes are taken up at once.\n"
        following.send_signal(number)
        said, complained = following.communicate(timeout=30)
    assert (following.returncode, said, complained) == (0, "asked to stop\n", "")
