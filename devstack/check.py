"""`make test`: linters, layers, types, then pytest, whose closing line comes last."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

BIN = Path(sys.executable).parent
LINTERS = {
    "ruff check": ("ruff", "check", "--quiet", "."),
    "ruff format": ("ruff", "format", "--check", "--quiet", "."),
    "layers": ("lint-imports", "--no-logo"),
    "types": ("mypy",),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_VARIABLE = "CHROMIUM_PATH"  # what the browser tests start
NO_BROWSER_VARIABLE = "CHROMIUM_MISSING"  # why there is none
INSTALL_WITHIN = 300  # seconds
PROCESSES = 2


def say(text: str) -> None:
    """A line for the terminal, ahead of what the next step prints."""
    print(text, flush=True)


def lint() -> bool:
    """Run all linters, whatever each says; True if all are content."""
    content = True
    for title, argv in LINTERS.items():
        began = time.monotonic()
        done = subprocess.run(
            [str(BIN / argv[0]), *argv[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        passed = done.returncode == 0
        say(f"  {title:12}{time.monotonic() - began:6.1f} s  {'passed' if passed else 'FAILED'}")
        if not passed:
            say(done.stdout.rstrip())
            content = False
    return content


def installed_browser() -> str | None:
    """A Chromium on this machine, of the system or of Playwright."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path is not None:
            return path
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            "from playwright.sync_api import sync_playwright as start\n"
            "with start() as playwright: print(playwright.chromium.executable_path)",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    path = asked.stdout.strip()
    return path if path and Path(path).is_file() else None


def browser() -> tuple[str | None, str]:
    """A Chromium, installed if need be, and if there is none the reason."""
    found = installed_browser()
    if found is not None:
        return found, ""
    log = Path(".local/logs/browser.log")
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    attempts: list[list[str]] = []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        package = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        attempts += [package, ["apt-get", "update"], package]
    attempts.append([sys.executable, "-m", "playwright", "install", "chromium"])
    with log.open("ab") as output:
        for argv in attempts:
            say(f"  installing a browser: {' '.join(argv[-2:])}")
            try:
                subprocess.run(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    check=False,
                    timeout=INSTALL_WITHIN,
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                )
            except (subprocess.TimeoutExpired, OSError) as error:
                output.write(f"{error}\n".encode())
            found = installed_browser()
            if found is not None:
                return found, ""
    return None, f"no Chromium is installed, and neither apt-get (as root) nor Playwright could install one; see {log}"


def main(argv: list[str]) -> int:
    """The exit code: 1 if any step failed, all of which run."""
    parser = argparse.ArgumentParser(prog="python -m devstack.check", description=__doc__)
    parser.add_argument("--lint", action="store_true", help="no tests")
    options, pytest_arguments = parser.parse_known_args(argv)
    content = lint()
    if options.lint:
        return 0 if content else 1
    began = time.monotonic()
    path, reason = browser()
    environment = dict(os.environ)
    if path is not None:
        environment[BROWSER_VARIABLE] = path
        say(f"  {'browser':12}{time.monotonic() - began:6.1f} s  {path}")
    else:
        environment[NO_BROWSER_VARIABLE] = reason
        say(f"  The browser tests cannot run here: {reason}")
    # Part of the tests covers part of the lines: the bar is for all of them.
    coverage = [] if pytest_arguments else ["--cov", "--cov-report=term:skip-covered"]
    if not content:
        say("\n  A step above FAILED: this run fails, whatever pytest says.")
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", str(PROCESSES), *coverage, *pytest_arguments],
        env=environment,
        check=False,
    )
    return tests.returncode or (0 if content else 1)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
