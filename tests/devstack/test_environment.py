from __future__ import annotations

import errno
from pathlib import Path

import pytest

from devstack import environment, errors

# What pip 23 and uv 0.13 write.
NETWORK = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError('<pip._vendor.urllib3>: "
UV_NETWORK = "error: Failed to fetch: `https://index.example/simple/flask/`\n  Caused by: dns error: failed to lookup"
COMPILER = "      error: command 'gcc' failed: No such file or directory\n  ERROR: Failed building wheel for numpy"
MISSING = "ERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: none)"
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (NETWORK, "index cannot be reached"),
        (NETWORK + MISSING, "index cannot be reached"),
        (UV_NETWORK, "index cannot be reached"),
        ("SSLError: certificate verify failed: unable to get local issuer certificate", "does not trust"),
        (COMPILER, "C compiler"),
        (MISSING, "does not have a package"),
        (FULL, "disk is full"),
        ("something else", "Installing the packages failed."),
    ],
)
def test_what_pip_says_becomes_what_to_do(log: str, sentence: str) -> None:
    assert sentence in environment.explain(log)


def test_pips_configuration_is_uvs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.UV_NAMES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "7")
    listed = (
        ":env:.index-url='https://user:p=w@index.example/simple'\n"
        ":env:.timeout='180'\n"
        "global.index-url='https://other.example/simple'\n"
        "global.extra-index-url='file:///a/simple file:///b/simple'\n"
        "global.find-links='\\n/wheels\\n/more wheels'\n"
        "global.no-index='false'\n"
        "install.cert='/etc/ca.pem'\n"
        "global.disable-pip-version-check='1'\n"
    )
    assert environment.uv_settings(listed) == {
        "UV_DEFAULT_INDEX": "https://user:p=w@index.example/simple",
        "UV_INDEX": "file:///a/simple file:///b/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more,wheels",
        "SSL_CERT_FILE": "/etc/ca.pem",
    }
    assert environment.uv_settings("") == {}


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 9, 2))
    with pytest.raises(environment.Failure, match=r"needs Python 3\.11 or newer, and this is 3\.9"):
        environment.check_python()


def test_a_python_without_venv_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(environment.Failure, match=r"apt install python3\.\d+-venv"):
        environment.check_python()


def test_installing_happens_once_for_the_same_requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    installed: list[str] = []

    def install(files: list[str], log: Path) -> None:
        installed.append(Path(files[0]).read_text())
        if "nowhere" in installed[-1]:
            raise environment.Failure("is not to be had")

    monkeypatch.setattr(environment, "install", install)
    arguments = [".venv/.run-stamp", "requirements.txt"]
    Path("requirements.txt").write_text("a==1")
    assert environment.main(arguments) == 0
    Path("requirements.txt").touch()
    assert environment.main(arguments) == 0
    assert installed == ["a==1"]
    Path("requirements.txt").write_text("nowhere==1")
    assert environment.main(arguments) == 1
    assert environment.main(arguments) == 1  # a failure is not taken for done
    assert installed == ["a==1", "nowhere==1", "nowhere==1"]


def test_a_full_disk_is_called_that() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "/clone/.local/ports.json")
    assert "The disk that holds /clone/.local/ports.json is full" in str(errors.from_os_error(full, Path("/clone")))
    log = Path("/clone/.local/logs/postgres.log")
    tail = "PANIC:  could not write to file: No space left on device"
    assert "The disk that holds /clone/.local is full" in str(errors.from_log("PostgreSQL", 1, log, tail))
