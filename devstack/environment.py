"""`python3 -m devstack.environment STAMP requirements.txt ...`: the virtual environment, made and kept up to date."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from ast import literal_eval as literal
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
LOGS = Path(".local/logs")
OLDEST = (3, 11)
FULL = "The disk is full: free some space, then start again."
# pip's name of a setting to uv's. Both read an index from pip.conf or PIP_*, but uv only its own.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "constraint": "UV_CONSTRAINT",
    "cert": "SSL_CERT_FILE",
    "timeout": "UV_HTTP_TIMEOUT",
    "proxy": "ALL_PROXY",
}
# uv wants commas where it takes paths or addresses that may contain a space.
COMMA_SEPARATED = {"UV_FIND_LINKS"}
FAILURES = (
    (
        ("No space left on device", "Disk quota exceeded", "os error 28"),
        FULL,
    ),
    (
        (
            "NewConnectionError",
            "Temporary failure in name resolution",
            "Connection refused",
            "ConnectTimeout",
            "Failed to establish a new connection",
            "error sending request",
            "dns error",
            "Could not connect",
            "Failed to fetch",
            "Network is unreachable",
            "Read timed out",
            "ProxyError",
        ),
        "The package index cannot be reached: look at the network connection and the proxy, or name an index that this "
        "machine reaches (PIP_INDEX_URL=...), then start again.",
    ),
    (
        ("certificate verify failed", "CERTIFICATE_VERIFY_FAILED", "invalid peer certificate"),
        "The package index shows a certificate that this machine does not trust: name your company's certificates with "
        "PIP_CERT=/path/to/ca.pem, then start again.",
    ),
    (
        (
            "error: command 'gcc'",
            "error: command 'cc'",
            "unable to execute 'gcc'",
            "x86_64-linux-gnu-gcc",
            "Failed building wheel",
            "Failed to build",
            "Python.h: No such file",
            "pg_config executable not found",
        ),
        "A package has no ready-made wheel for this Python and machine, and building it failed. Use Python 3.11 to "
        "3.14 on Linux (x86-64, arm64) or macOS, or install a C compiler and Python's headers (Debian: apt install "
        "build-essential python3-dev), then start again.",
    ),
    (
        ("No matching distribution found", "Could not find a version that satisfies", "No solution found"),
        "The package index in use does not have a package in the version that Chhota needs for this Python and "
        "machine. Use Python 3.11 to 3.14 on Linux (x86-64, arm64) or macOS, and look at `pip config list`.",
    ),
)


class Failure(Exception):
    """A sentence that says what to do."""


def say(text: str) -> None:
    """A line for the terminal."""
    print(text, flush=True)


def explain(log_text: str) -> str:
    """The sentence for what pip or uv has written while failing."""
    for signs, sentence in FAILURES:
        if any(sign in log_text for sign in signs):
            return sentence
    return "Installing the packages failed."


def with_last_lines(sentence: str, log: Path) -> str:
    """``sentence``, the last lines of ``log`` and where the rest is."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-8:]
    return f"{sentence}\nThe last lines of {log}:\n" + "\n".join(f"    {line}" for line in lines)


def succeeds(argv: list[str], log: Path, **environment: str) -> bool:
    """Whether ``argv`` succeeded; its output is appended to ``log``."""
    with log.open("ab") as output:
        output.write(f"$ {' '.join(argv)}\n".encode())
        output.flush()
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                check=False,
            )
        except OSError as error:
            output.write(f"{error}\n".encode())
            return False
    return done.returncode == 0


def check_python() -> None:
    """Raise Failure where this interpreter cannot make an environment."""
    version = ".".join(map(str, sys.version_info[:2]))
    if sys.version_info < OLDEST:
        raise Failure(f"Chhota needs Python 3.11 or newer, and this is {version}: install one, then start again.")
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        raise Failure(
            f"This Python has no module venv: install it (Debian, Ubuntu: apt install python{version}-venv), "
            "then start again."
        )


def make_venv(log: Path) -> None:
    """Create `.venv` where there is none that works. Raises Failure."""
    if PYTHON.exists() and succeeds([str(PYTHON), "-c", ""], log):
        return
    began = time.monotonic()
    check_python()
    # Putting pip into it takes longer than all the rest, and is done later where it turns out to be needed.
    if not succeeds([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], log):
        text = log.read_text(errors="replace")
        sentence = FULL if any(sign in text for sign in FAILURES[0][0]) else "The environment .venv could not be made."
        raise Failure(with_last_lines(sentence, log))
    say(f"  {'environment':12}{time.monotonic() - began:5.1f} s")


def pip_command(log: Path) -> list[str]:
    """A pip that installs into the environment: this interpreter's own, or else one put there. Raises Failure."""
    options = ["--disable-pip-version-check", "--no-input"]
    outside = [sys.executable, "-m", "pip", "--python", str(PYTHON), *options]
    if succeeds([*outside, "--version"], log):  # --python came with pip 22.3
        return outside
    inside = [str(PYTHON), "-m", "pip"]
    if not succeeds([*inside, "--version"], log) and not succeeds([str(PYTHON), "-m", "ensurepip"], log):
        raise Failure(with_last_lines("pip could not be put into the environment .venv.", log))
    return [*inside, *options]


def uv_settings(pip_config: str) -> dict[str, str]:
    """pip's configuration (lines of `pip config list`) as environment for uv; UV_* that is set already stays."""
    found: dict[str, str] = {}
    for scope in ("global.", "install.", ":env:."):  # the later one wins, as with pip
        for line in pip_config.splitlines():
            name, separator, value = line.partition("=")
            target = UV_NAMES.get(name.removeprefix(scope)) if separator and name.startswith(scope) else None
            if target:
                with contextlib.suppress(ValueError, SyntaxError):
                    found[target] = (",".join if target in COMMA_SEPARATED else " ".join)(str(literal(value)).split())
    if found.get("UV_NO_INDEX", "1").lower() in {"0", "false", "no", "off"}:
        del found["UV_NO_INDEX"]
    if "UV_INDEX" in found:
        # Like pip: the best version out of all indexes, instead of the first index that knows the name.
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in found.items() if name not in os.environ}


def install(files: list[str], log: Path) -> None:
    """Install what ``files`` name: with uv, in seconds; with pip where uv is not to be had. Raises Failure."""
    requirements = [argument for name in files for argument in ("-r", name)]
    pip = pip_command(log)
    uv = VENV / "bin" / "uv"
    if not uv.exists():
        succeeds([*pip, "install", "--retries", "1", "uv"], log)
    if uv.exists():
        shown = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
        argv = [str(uv), "pip", "install", "--python", str(PYTHON), *requirements]
        if succeeds(argv, log, **uv_settings(shown.stdout)):
            return
        say(f"  uv could not install the packages (see {log}); trying pip")
    start = log.stat().st_size
    if not succeeds([*pip, "install", "--retries", "1", *requirements], log):
        said = log.read_bytes()[start:].decode(errors="replace")
        raise Failure(with_last_lines(explain(said), log))


def digest(files: list[str]) -> str:
    """What the environment depends on: the requirements' text and the interpreter."""
    texts = "\0".join(Path(name).read_text(encoding="utf-8") for name in files)
    return hashlib.sha256(f"{texts}\0{PYTHON.resolve()}".encode()).hexdigest()


def main(argv: list[str]) -> int:
    """``argv`` is the stamp file and the requirement files; returns the exit code."""
    stamp, files = Path(argv[0]), argv[1:]
    log = LOGS / "install.log"
    try:
        LOGS.mkdir(mode=0o700, parents=True, exist_ok=True)
        log.write_bytes(b"")
        make_venv(log)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest(files):
            began = time.monotonic()
            say(f"  installing packages, once (log in {log})")
            install(files, log)
            say(f"  {'packages':12}{time.monotonic() - began:5.1f} s")
        stamp.write_text(digest(files), encoding="utf-8")
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        print(f"\n{FULL if full else f'{error}: this folder must be yours to write to.'}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
