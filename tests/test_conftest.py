"""What a single test waits for before it starts."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import ROOT

RUN = """
import sys, pytest
code = pytest.main(sys.argv[1:])
print("imported:", *sorted({"alembic", "celery", "flask", "psycopg2", "redis", "sqlalchemy"} & sys.modules.keys()))
sys.exit(code)
"""


def test_a_test_of_a_pure_function_imports_no_application() -> None:
    # This process's own pytest and xdist must not reach the other one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, "tests/test_periods.py", "-k", "test_month_arithmetic_across_years"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 1 passed" in done.stdout
    assert done.stdout.splitlines()[-1].strip() == "imported:"
